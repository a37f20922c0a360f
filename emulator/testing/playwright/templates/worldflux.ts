// Playwright fixtures that give every test a fresh world on one WorldFlux emulator.
// Written by `worldflux-emulator init playwright`; it is yours to change.
//
//   import { expect, test } from "./worldflux";
//   test("…", async ({ page, signIn, world, clock, mail, fault }) => { … });
//   test.use({ seed: "quota-edge" });  // start from a seed, a snapshot or another world

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type APIRequestContext, type BrowserContext, test as base, type TestInfo } from "@playwright/test";
import { emulatorUrl, run } from "../worldflux.config.js";

export { expect } from "@playwright/test";

const controlUrl = `${emulatorUrl}/_emulator`;

export type Mail = { id: string; to: string; kind: string; subject: string; link: string | null; code: string | null; text: string; html: string };
export type Entry = { id: number; method: string; path: string; status: number; code: string | null; fault_id: string | null };
/** Which requests: by surface, operation, method, path (may contain `*`) and actor; the first `times` or every `nth`. */
export type Match = { surface?: string; operation?: string; method?: string; path?: string; actor?: string; times?: number; nth?: number };
/** What happens to them: an error, a latency, a dropped connection or a truncated body. */
export type Effect = { status?: number; code?: string; message?: string; latency_ms?: number; recorded?: boolean; drop?: true; truncate_bytes?: number };

export type Login = { email: string; password: string };
type WorldView = { name: string; url: string; anon_key: string; service_role_key: string; logins: Login[] };

/** A world: its name, its keys for SDKs and servers, and its control API. */
export class World {
  readonly name: string;
  /** The base URL of the world, for clients that take one. */
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  /** The users of the seed, in its order. */
  readonly logins: Login[];

  private constructor(private readonly api: APIRequestContext, view: WorldView) {
    this.name = view.name;
    this.url = view.url;
    this.anonKey = view.anon_key;
    this.serviceRoleKey = view.service_role_key;
    this.logins = view.logins;
  }

  /** Create a world, in place of a world of that name that this run left behind: `--ui` repeats tests. */
  static async create(api: APIRequestContext, name: string, seed?: string): Promise<World> {
    const post = () => api.post(`${controlUrl}/worlds`, { data: { name, from: seed } });
    let response = await post();
    if (response.status() === 409) {
      await api.delete(`${controlUrl}/worlds/${name}`);
      response = await post();
    }
    if (!response.ok()) throw new Error(`Cannot create a world: ${await response.text()}`);
    return new World(api, (await response.json()) as WorldView);
  }

  /** Add the world's cookie to a further context, for a dashboard's server; the header is there already. */
  async enter(context: BrowserContext): Promise<void> {
    await context.addCookies([{ name: "emulator_world", value: this.name, url: emulatorUrl }]);
  }

  /** Send a request to the control API of the world: `control("POST", "reset", {})`. */
  async control<T>(method: "GET" | "POST" | "DELETE", path: string, data?: unknown): Promise<T> {
    const headers = { "X-Emulator-World": this.name };
    const response = await this.api.fetch(`${controlUrl}/${path}`, { method, data, headers, timeout: 70_000 });
    if (!response.ok()) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (response.status() === 204 ? undefined : await response.json()) as T;
  }

  /** The requests of the world's journal, newest first. The filters are those of GET /_emulator/requests. */
  async requests(filters: Record<string, string> = {}): Promise<Entry[]> {
    const query = new URLSearchParams({ limit: "1000", ...filters });
    return (await this.control<{ items: Entry[] }>("GET", `requests?${query}`)).items;
  }

  private readonly snapshots: string[] = [];

  /** Take a snapshot for `restore` and return its name, which must be unique on the emulator. */
  async snapshot(name = `${this.name.slice(-36)}-${this.snapshots.length + 1}`): Promise<string> {
    await this.control("POST", "snapshots", { name });
    this.snapshots.push(name);
    return name;
  }

  async restore(name: string): Promise<void> {
    await this.control("POST", `snapshots/${name}/restore`, {});
  }

  /** Delete the world and its snapshots. */
  async delete(): Promise<void> {
    for (const name of this.snapshots) await this.api.delete(`${controlUrl}/snapshots/${name}`);
    await this.api.delete(`${controlUrl}/worlds/${this.name}`);
  }
}

export type Fixtures = {
  world: World;
  /**
   * Sign in the seed's first user, or another, in the page's context, or in another context that entered the world.
   * The session names the world, so a dashboard's server finds it too.
   */
  signIn: (email?: string, options?: { password?: string; on?: BrowserContext }) => Promise<void>;
  /** The world's clock, and the page's with it. `advance` takes seconds or an ISO 8601 duration: "P30D". */
  clock: { now(): Promise<Date>; advance(by: number | string): Promise<void>; set(moment: Date): Promise<void> };
  mail: { waitFor(wanted: { to?: string; kind?: string; seconds?: number }): Promise<Mail> };
  /** Arm a fault; call the function it returns to disarm the fault. */
  fault: (match: Match, then: Effect) => Promise<() => Promise<void>>;
};

export const test = base.extend<Fixtures & { seed: string | undefined }>({
  seed: [undefined, { option: true }],

  world: async ({ playwright, seed }, use, testInfo) => {
    const api = await playwright.request.newContext();
    const name = worldName(testInfo);
    const world = await World.create(api, name, seed);
    await use(world);
    if (testInfo.status === testInfo.expectedStatus) {
      await world.delete();
    } else {
      await attachJournal(world, testInfo); // the world stays for inspection
    }
    await api.dispose();
  },

  // The header brings navigations, fetches, the `request` fixture and page.request into the world, in contexts that a test
  // creates as well. Requests to other origins carry it too, so a page's fetches there are preflighted: the emulator
  // allows the header, a third party may not.
  extraHTTPHeaders: async ({ extraHTTPHeaders, world }, use) => {
    await use({ ...extraHTTPHeaders, "X-Emulator-World": world.name });
  },

  // The cookie too, since a dashboard's own server forwards cookies rather than headers. It applies to the emulator's host
  // on every port. A server that forwards neither finds the world by the session, once a user has signed in.
  context: async ({ context, world }, use) => {
    await world.enter(context);
    await use(context);
  },

  signIn: async ({ context, world }, use) => {
    await use(async (email = world.logins[0]?.email, { password, on = context } = {}) => {
      if (!email) throw new Error("The seed has no user to sign in.");
      password ??= world.logins.find((login) => login.email === email)?.password;
      if (!password) throw new Error(`${email} is not in the seed: pass the password too.`);
      const response = await on.request.post(`${emulatorUrl}/api/auth/login`, { data: { email, password } });
      if (!response.ok()) throw new Error(`${email} could not sign in: ${await response.text()}`);
    });
  },

  // The page's clock starts at the world's time and runs, as debounces and animations need. To stop it for a screenshot,
  // call page.clock.setFixedTime(await clock.now()).
  clock: async ({ context, world }, use) => {
    const now = async () => new Date((await world.control<{ now: string }>("GET", "clock")).now);
    const move = async (path: string, body: object) => {
      const before = await now();
      await world.control("POST", path, body);
      await context.clock.fastForward((await now()).getTime() - before.getTime()); // a page's timer fires at most once
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
        const { items } = await world.control<{ items: Mail[] }>("GET", `mail?${query}`);
        if (!items[0]) throw new Error(`No mail (to=${to}, kind=${kind}) within ${seconds} s.`);
        return items[0];
      },
    });
  },

  fault: async ({ world }, use) => {
    await use(async (match, then) => {
      const { id } = await world.control<{ id: string }>("POST", "faults", { match, then });
      return () => world.control<void>("DELETE", `faults/${id}`);
    });
  },
});

/** Return a readable name, unique to run, project, test, repetition and retry: at most 40 of a-z, 0-9 and hyphens. */
function worldName({ title, titlePath, project, repeatEachIndex, retry }: TestInfo): string {
  const readable = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 21).replace(/^-|-$/g, "");
  const identity = [run, project.name, ...titlePath, repeatEachIndex, retry].join("\n");
  const digest = createHash("sha256").update(identity).digest("hex").slice(0, 12);
  return [readable, run.slice(0, 4), digest].filter(Boolean).join("-");
}

/** Attach journal and capsule: they are in the report, in the trace's attachments, and in the test's output folder. */
async function attachJournal(world: World, testInfo: TestInfo): Promise<void> {
  const journal = JSON.stringify((await world.requests()).reverse(), null, 2);
  const capsule = JSON.stringify(await world.control("GET", "capsule"));
  const files = [
    { name: `world ${world.name}`, path: testInfo.outputPath(`${world.name}.json`), text: journal },
    { name: "worldflux capsule", path: testInfo.outputPath(`${world.name}.capsule.json`), text: capsule },
  ];
  for (const { name, path, text } of files) {
    await writeFile(path, text);
    await testInfo.attach(name, { path, contentType: "application/json" });
  }
  console.log(`WorldFlux world ${world.name}\n  Replay: worldflux-emulator replay "${files[1]?.path}"\n  Inspect: ${world.url}`);
}
