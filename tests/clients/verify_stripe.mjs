// Verifies deliveries with the real stripe library: reads [{body, signature, secret}] on stdin and
// writes [{type, object}] on stdout.
import Stripe from 'stripe'

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const stripe = new Stripe('sk_test_unused')
const seen = JSON.parse(Buffer.concat(chunks).toString()).map(({ body, signature, secret }) => {
  const event = stripe.webhooks.constructEvent(Buffer.from(body), signature, secret)
  return { type: event.type, object: event.data.object.object }
})
process.stdout.write(JSON.stringify(seen))
