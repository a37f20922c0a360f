// Fixtures that give every test a world of its own on one WorldFlux emulator.
// Written by `worldflux-emulator init playwright`; it is yours to change.
//
//   import { expect, test } from "./worldflux";
//   test("…", async ({ page, signIn, world, clock, mail, fault }) => { … });
//   test.use({ seed: "quota-edge" });  // another beginning: a seed, a snapshot or a world

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type APIRequestContext, type BrowserContext, test as base, type TestInfo } from "@playwright/test";
import { emulatorUrl, run } from "../worldflux.config.js";

export { expect } from "@playwright/test";

const control = `${emulatorUrl}/_emulator`;

export type Mail = { id: string; to: string; kind: string; subject: string; link: string | null; code: string | null; text: string; html: string };
export type Entry = { id: number; method: string; path: string; status: number; code: string | null; fault_id: string | null };
/** Which calls: by surface, operation, method, path (`*` allowed), actor; the first `times` or every `nth`. */
export type Match = { surface?: string; operation?: string; method?: string; path?: string; actor?: string; times?: number; nth?: number };
/** What they meet: an error, a latency, a dropped connection or a body that is cut off. */
export type Then = { status?: number; code?: string; message?: string; latency_ms?: number; recorded?: boolean; drop?: true; truncate_bytes?: number };

export type Login = { email: string; password: string };
type Made = { name: string; url: string; anon_key: string; service_role_key: string; logins: Login[] };

/** A world: its name, its keys for SDKs and servers, and control of it. */
export class World {
  readonly name: string;
  /** A base URL that leads here, for whatever can be given one. */
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  /** The people of the seed, in its order. */
  readonly logins: Login[];

  private constructor(private readonly api: APIRequestContext, made: Made) {
    this.name = made.name;
    this.url = made.url;
    this.anonKey = made.anon_key;
    this.serviceRoleKey = made.service_role_key;
    this.logins = made.logins;
  }

  /** Make a world, anew where this run has left one of its name: `--ui` runs a test again and again. */
  static async make(api: APIRequestContext, name: string, seed?: string): Promise<World> {
    const make = () => api.post(`${control}/worlds`, { data: { name, from: seed } });
    let answer = await make();
    if (answer.status() === 409) {
      await api.delete(`${control}/worlds/${name}`);
      answer = await make();
    }
    if (!answer.ok()) throw new Error(`No world could be made: ${await answer.text()}`);
    return new World(api, (await answer.json()) as Made);
  }

  /** Bring a further context into the world: it has the header by itself, and this is the cookie for a dashboard's server. */
  async enter(context: BrowserContext): Promise<void> {
    await context.addCookies([{ name: "emulator_world", value: this.name, url: emulatorUrl }]);
  }

  /** Ask control about this world, or tell it what to do: `ask("POST", "reset", {})`. */
  async ask<T>(method: "GET" | "POST" | "DELETE", path: string, data?: unknown): Promise<T> {
    const headers = { "X-Emulator-World": this.name };
    const answer = await this.api.fetch(`${control}/${path}`, { method, data, headers, timeout: 70_000 });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return (answer.status() === 204 ? undefined : await answer.json()) as T;
  }

  /** What was asked in this world, newest first. Filters as of GET /_emulator/requests. */
  async requests(filters: Record<string, string> = {}): Promise<Entry[]> {
    const query = new URLSearchParams({ limit: "1000", ...filters });
    return (await this.ask<{ items: Entry[] }>("GET", `requests?${query}`)).items;
  }

  private readonly kept: string[] = [];

  /** Keep the state until the test ends, and return its name for `restore`. A name must be no other world's. */
  async snapshot(name = `${this.name.slice(-36)}-${this.kept.length + 1}`): Promise<string> {
    await this.ask("POST", "snapshots", { name });
    this.kept.push(name);
    return name;
  }

  async restore(name: string): Promise<void> {
    await this.ask("POST", `snapshots/${name}/restore`, {});
  }

  /** Forget the world and its snapshots. */
  async drop(): Promise<void> {
    for (const name of this.kept) await this.api.delete(`${control}/snapshots/${name}`);
    await this.api.delete(`${control}/worlds/${this.name}`);
  }
}

export type Fixtures = {
  world: World;
  /**
   * Sign in the seed's first user, or who you say, on the page's context or on another that `world.enter` has seen.
   * The session carries the world, so a dashboard's server finds it too.
   */
  signIn: (email?: string, options?: { password?: string; on?: BrowserContext }) => Promise<void>;
  /** The world's clock; the page's follows. `advance` takes seconds or an ISO 8601 duration: "P30D". */
  clock: { now(): Promise<Date>; advance(by: number | string): Promise<void>; set(moment: Date): Promise<void> };
  mail: { waitFor(wanted: { to?: string; kind?: string; seconds?: number }): Promise<Mail> };
  /** Put a failure where you want it; call what it returns to take it away. */
  fault: (match: Match, then: Then) => Promise<() => Promise<void>>;
};

export const test = base.extend<Fixtures & { seed: string | undefined }>({
  seed: [undefined, { option: true }],

  world: async ({ playwright, seed }, use, testInfo) => {
    const api = await playwright.request.newContext();
    const name = worldName(testInfo);
    const world = await World.make(api, name, seed);
    await use(world);
    if (testInfo.status === testInfo.expectedStatus) {
      await world.drop();
    } else {
      await attachWhatHappened(world, testInfo); // and the world stays, to be looked at
    }
    await api.dispose();
  },

  // The header brings navigations, fetches, the `request` fixture and page.request into the world, and those of contexts
  // that a test makes itself. It also goes to other origins, and a page's fetches there are then preflighted: the emulator
  // allows it, a third party may not.
  extraHTTPHeaders: async ({ extraHTTPHeaders, world }, use) => {
    await use({ ...extraHTTPHeaders, "X-Emulator-World": world.name });
  },

  // The cookie too, since a dashboard's own server hands on cookies rather than headers. It holds for the emulator's host
  // on every port. What such a server asks with neither is told by the session, once the user has signed in.
  context: async ({ context, world }, use) => {
    await world.enter(context);
    await use(context);
  },

  signIn: async ({ context, world }, use) => {
    await use(async (email = world.logins[0]?.email, { password, on = context } = {}) => {
      if (!email) throw new Error("The seed has no user to sign in.");
      password ??= world.logins.find((login) => login.email === email)?.password;
      if (!password) throw new Error(`${email} is not in the seed: say the password too.`);
      const answer = await on.request.post(`${emulatorUrl}/api/auth/login`, { data: { email, password } });
      if (!answer.ok()) throw new Error(`${email} could not sign in: ${await answer.text()}`);
    });
  },

  // Installed, the page's time begins at the world's and goes on, as debounces and animations need. To hold it for a
  // screenshot, call page.clock.setFixedTime(await clock.now()).
  clock: async ({ context, world }, use) => {
    const now = async () => new Date((await world.ask<{ now: string }>("GET", "clock")).now);
    const move = async (path: string, body: object) => {
      const before = await now();
      await world.ask("POST", path, body);
      await context.clock.fastForward((await now()).getTime() - before.getTime()); // what is due in a page happens once
    };
    await context.clock.install({ time: await now() });
    await use({
      now,
      advance: (by) => move("clock/advance", typeof by === "number" ? { seconds: by } : { duration: by }),
      set: (moment) => move("clock/set", { now: moment.toISOString() }),
    });
  },

  mail: async ({ world }, use) => {
    await use({
      waitFor: async ({ to, kind, seconds = 5 }) => {
        const query = new URLSearchParams({ wait: `${seconds}`, ...(to && { to }), ...(kind && { kind }) });
        const { items } = await world.ask<{ items: Mail[] }>("GET", `mail?${query}`);
        if (!items[0]) throw new Error(`No mail (to=${to}, kind=${kind}) came within ${seconds} s.`);
        return items[0];
      },
    });
  },

  fault: async ({ world }, use) => {
    await use(async (match, then) => {
      const { id } = await world.ask<{ id: string }>("POST", "faults", { match, then });
      return () => world.ask<void>("DELETE", `faults/${id}`);
    });
  },
});

/** Fit to be read, and another for every run, project, test, repetition and retry; at most 40 of a-z, 0-9 and hyphens. */
function worldName({ title, titlePath, project, repeatEachIndex, retry }: TestInfo): string {
  const said = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 21).replace(/^-|-$/g, "");
  const whole = [run, project.name, ...titlePath, repeatEachIndex, retry].join("\n");
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 12);
  return [said, run.slice(0, 4), digest].filter(Boolean).join("-");
}

/** Both are in the report, in the trace under Attachments, and files among the test's results. */
async function attachWhatHappened(world: World, testInfo: TestInfo): Promise<void> {
  const journal = JSON.stringify((await world.requests()).reverse(), null, 2);
  const capsule = JSON.stringify(await world.ask("GET", "capsule"));
  const files = [
    { name: `world ${world.name}`, path: testInfo.outputPath(`${world.name}.json`), text: journal },
    { name: "worldflux capsule", path: testInfo.outputPath(`${world.name}.capsule.json`), text: capsule },
  ];
  for (const { name, path, text } of files) {
    await writeFile(path, text);
    await testInfo.attach(name, { path, contentType: "application/json" });
  }
  console.log(`WorldFlux world ${world.name}\n  Again: worldflux-emulator replay "${files[1]?.path}"\n  It stays there: ${world.url}`);
}
