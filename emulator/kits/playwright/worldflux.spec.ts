// An example of a test in a world of its own. Written by `worldflux-emulator init playwright`; delete it freely.

import { expect, test } from "./worldflux";
import { emulatorUrl } from "../worldflux.config";

test("a run that the CLI has synced is listed", async ({ request, page, signIn }) => {
  await request.post(`${emulatorUrl}/api/e2e/cli-sync`, { data: { client_run_id: "nightly-1", status: "failed" } });
  await signIn();
  const answer = await page.request.get(`${emulatorUrl}/api/cloud/runs`);
  const { items } = await answer.json();
  expect(items.map((run: { client_run_id: string }) => run.client_run_id)).toContain("nightly-1");
});

test("a password is reset by the link that was mailed", async ({ page, mail }) => {
  await page.request.post(`${emulatorUrl}/auth/v1/recover`, { data: { email: "mara@example.com" } });
  const { link } = await mail.waitFor({ to: "mara@example.com" });
  expect(link).not.toBeNull();
});

test("an outage is met once", async ({ page, signIn, fault, world }) => {
  await signIn();
  await fault({ path: "/api/cloud/me", times: 1 }, { status: 503 });
  expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(503);
  expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(200);
  expect(await world.requests({ path: "/api/cloud/me", status: "503" })).toHaveLength(1);
});

test("a month passes in the world and in the page", async ({ page, clock }) => {
  await page.goto(`${emulatorUrl}/healthz`);
  const began = await page.evaluate(() => Date.now());
  await clock.advance("P30D");
  const days = ((await page.evaluate(() => Date.now())) - began) / 86_400_000;
  expect(Math.round(days)).toBe(30);
});

test.describe("on another seed", () => {
  test.use({ seed: "empty" });

  test("nobody can sign in yet", async ({ signIn }) => {
    await expect(signIn()).rejects.toThrow("could not sign in");
  });
});
