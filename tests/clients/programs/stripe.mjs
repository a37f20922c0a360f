// Asks Stripe's API with the real stripe library: reads `{url}` from stdin, retrieves a subscription
// and prints what that threw.
import { text } from "node:stream/consumers";
import Stripe from "stripe";

const { hostname: host, port } = new URL(JSON.parse(await text(process.stdin)).url);
const stripe = new Stripe("sk_test_x", { host, port, protocol: "http", telemetry: false });

try {
  await stripe.subscriptions.retrieve("sub_x");
} catch (error) {
  const { type, statusCode: status, code, message } = error;
  console.log(JSON.stringify({ type, status, code, message }));
}
