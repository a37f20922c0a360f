// The real supabase-js, driven call by call: a line of JSON in, a line of JSON out.
// `{open, url, headers, key, folder, auth}` makes a client of that name with the packages of a
// folder and, with `held`, a session that it kept from an earlier life;
// `{on, call, args}` calls one of its methods and answers `{data, error, requests}`.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import ws from "ws";

const WAIT_MS = 20_000;
const clients = new Map();

/** Make a client with the session in memory and no timer, which notes what it asks of the server. */
function open({ open: name, url, headers, key, folder, auth, held }) {
  const { createClient } = createRequire(pathToFileURL(`${folder}/`))("@supabase/supabase-js");
  const requests = [];
  const client = createClient(url, key, {
    auth: {
      autoRefreshToken: false,
      persistSession: false,
      storageKey: name,
      ...(held && { persistSession: true, storage: storing(name, held) }),
      ...auth,
    },
    // Node 20 has no WebSocket of its own, and without one createClient throws.
    realtime: { transport: ws },
    global: {
      headers,
      fetch: (input, init) => {
        requests.push(`${init.method} ${String(input).slice(url.length)}`);
        return fetch(input, { ...init, signal: AbortSignal.timeout(WAIT_MS) });
      },
    },
  });
  clients.set(name, { client, requests });
  return {};
}

/** Keep a session as a page's local storage does. */
function storing(name, session) {
  const items = new Map([[name, JSON.stringify(session)]]);
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

/** Call a method such as `auth.admin.createUser` and say what it came to. */
async function call({ on, call: path, args }) {
  const { client, requests } = clients.get(on);
  requests.length = 0;
  const names = path.split(".");
  const method = names.pop();
  const owner = names.reduce((part, name) => part[name], client);
  const { data, error } = await owner[method](...args);
  return { data: data ?? null, error: error && described(error), requests };
}

const described = ({ name, status, code, message, reasons }) => ({
  name,
  status: status ?? null,
  code: code ?? null,
  message,
  ...(reasons && { reasons }),
});

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line);
  const answer = said.open ? open(said) : await call(said);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
