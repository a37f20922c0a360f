// Each of these would see what the others do, if they were not in worlds of their own.

import { expect, test, World } from "./worldflux.js";
import { emulatorUrl } from "../worldflux.config.js";

type Runs = { items: { client_run_id: string }[] };

for (let place = 0; place < 8; place++) {
  test(`alone ${place}`, async ({ page, context, request, signIn, world, clock, mail, fault }) => {
    // The page, by header and cookie
    const response = await page.goto(`${emulatorUrl}/healthz`);
    expect(response?.headers()["x-emulator-world"]).toBe(world.name);
    const sync = { client_run_id: `run-${place}`, status: "failed" };
    const created = await page.evaluate(async (run) => {
      const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(run) };
      return ((await (await fetch("/api/e2e/cli-sync", init)).json()) as { created: number }).created;
    }, sync);
    expect(created).toBe(1);

    // page.request and request
    for (const api of [page.request, request]) {
      const answer = await api.get(`${emulatorUrl}/_emulator/state`);
      expect(answer.headers()["x-emulator-world"]).toBe(world.name);
    }

    // Signed in: the page lists this test's run and no other's
    await signIn();
    const runs = await page.evaluate(async () => (await (await fetch("/api/cloud/runs?limit=100")).json()) as Runs);
    const mine = runs.items.map((run) => run.client_run_id).filter((id) => /^run-/.test(id));
    expect(mine).toEqual([`run-${place}`]);

    // A fault, the clock and a mail of this world alone
    const disarm = await fault({ path: "/api/cloud/me" }, { status: 503 });
    expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(503);
    await disarm();
    expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(200);
    const began = await clock.now();
    await clock.advance(place + 1);
    expect((await clock.now()).getTime() - began.getTime()).toBe((place + 1) * 1000);
    const email = `reader-${place}@example.com`;
    await page.request.post(`${emulatorUrl}/auth/v1/signup`, { data: { email, password: "some-password" } });
    expect(await world.requests({ path: "/auth/v1/signup" })).toHaveLength(1);

    // A context that the test makes itself has the header, in a page and a request, and the cookie once it has entered
    const other = await context.browser()!.newContext();
    const tab = await other.newPage();
    expect((await tab.goto(`${emulatorUrl}/healthz`))?.headers()["x-emulator-world"]).toBe(world.name);
    await world.enter(other);
    for (const one of [context, other]) {
      const cookies = await one.cookies(emulatorUrl);
      expect(cookies.find((cookie) => cookie.name === "emulator_world")?.value).toBe(world.name);
    }
    await other.close();

    // What was stored of another world signs nobody in here, and does no harm
    const stored = await context.storageState();
    const next = await World.create(request, `${world.name.slice(-12)}-next`);
    const headers = { "X-Emulator-World": next.name };
    const reused = await context.browser()!.newContext({ storageState: stored, extraHTTPHeaders: headers });
    await next.enter(reused);
    expect((await reused.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(401);
    await signIn(undefined, { on: reused });
    expect((await reused.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(200);
    await reused.close();
    await request.delete(`${emulatorUrl}/_emulator/worlds/${next.name}`);
  });
}
