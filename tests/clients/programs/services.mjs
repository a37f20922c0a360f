// Uses what a Supabase project has beside Auth, with the real supabase-js: reads `{url, key, folder}`
// from stdin and prints the error that each service came to.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import ws from "ws";

const { url, key, folder } = JSON.parse(await text(process.stdin));
const { createClient } = createRequire(pathToFileURL(`${folder}/`))("@supabase/supabase-js");
const client = createClient(url, key, { realtime: { transport: ws } });

const rows = await client.from("todos").select();
const buckets = await client.storage.listBuckets();
const called = await client.functions.invoke("hello", { body: { name: "Ada" } });
const body = await called.error.context.json();

console.log(
  JSON.stringify({
    rows: [rows.status, rows.error.code, rows.error.message],
    buckets: [buckets.error.status, buckets.error.message],
    called: [called.error.name, called.error.context.status, body.message],
  }),
);
process.exit();
