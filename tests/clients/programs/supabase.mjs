// The real Supabase clients. For each line `{url, headers, anonKey, steps, …}` makes one client,
// takes the steps in turn, and answers with a line: what each came to, `{data, error, requests}`,
// and the cookies set. The packages are those of this folder, or of another that the line names.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import ws from "ws";

async function answer(question) {
  const require = createRequire(
    question.folder ? pathToFileURL(`${question.folder}/`) : import.meta.url,
  );
  const { createServerClient, parseCookieHeader, serializeCookieHeader } = require("@supabase/ssr");
  const { createClient } = require("@supabase/supabase-js");
  const { url, headers, anonKey, email, password } = question;

  /** What the client asked of the server, a line a request. */
  const requests = [];

  const options = {
    // Node 20 has no WebSocket of its own, and without one createClient throws.
    realtime: { transport: ws },
    global: {
      headers,
      fetch: (input, init) => {
        requests.push(`${init.method} ${String(input).slice(url.length)}`);
        return fetch(input, init);
      },
    },
  };

  /** The Set-Cookie headers that a server with @supabase/ssr would answer with. */
  const setCookies = [];

  /** A client as a Next route handler makes it of a request's Cookie header. */
  const overCookies = ({ cookie, cookieEncoding, encode }) =>
    createServerClient(url, anonKey, {
      ...options,
      cookieEncoding,
      cookies: {
        ...(encode && { encode }),
        getAll: () => parseCookieHeader(cookie),
        setAll: (all) => {
          for (const one of all) {
            setCookies.push(serializeCookieHeader(one.name, one.value, one.options));
          }
        },
      },
    });

  /** A client as a script makes it: the session in memory and no timer. */
  const inMemory = () =>
    createClient(url, anonKey, {
      ...options,
      auth: { autoRefreshToken: false, persistSession: false },
    });

  const { auth } = question.cookie === undefined ? inMemory() : overCookies(question);

  const actions = {
    signIn: () => auth.signInWithPassword({ email, password }),
    getUser: () => auth.getUser(question.token),
    getSession: () => auth.getSession(),
    getClaims: () => auth.getClaims(),
    refresh: () =>
      auth.refreshSession(question.refreshToken && { refresh_token: question.refreshToken }),
    signOut: () => auth.signOut(question.scope && { scope: question.scope }),
  };

  const taken = [];
  for (const step of question.steps) {
    const before = requests.length;
    const { data, error } = await actions[step]();
    const { name, status, code, message } = error ?? {};
    taken.push({
      data: data ?? null,
      error: error && { name, status, code: code ?? null, message },
      requests: requests.slice(before),
    });
  }
  return { taken, setCookies };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
