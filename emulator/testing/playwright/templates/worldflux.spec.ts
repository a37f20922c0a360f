// Example tests, each in its own world. Written by `worldflux-emulator init playwright`; delete this file freely.

import { expect, test } from "./worldflux.js";
import { emulatorUrl } from "../worldflux.config.js";

test("a run synced by the CLI is listed", async ({ request, page, signIn }) => {
  await request.post(`${emulatorUrl}/api/e2e/cli-sync`, { data: { client_run_id: "nightly-1", status: "failed" } });
  await signIn();
  const response = await page.request.get(`${emulatorUrl}/api/cloud/runs`);
  const { items } = (await response.json()) as { items: { client_run_id: string }[] };
  expect(items.map((run) => run.client_run_id)).toContain("nightly-1");
});

test("a password reset is mailed", async ({ page, mail }) => {
  await page.request.post(`${emulatorUrl}/auth/v1/recover`, { data: { email: "mara@example.com" } });
  const { link } = await mail.waitFor({ to: "mara@example.com" });
  expect(link).not.toBeNull();
});

test("an outage affects one request", async ({ page, signIn, fault, world }) => {
  await signIn();
  await fault({ path: "/api/cloud/me", times: 1 }, { status: 503 });
  expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(503);
  expect((await page.request.get(`${emulatorUrl}/api/cloud/me`)).status()).toBe(200);
  expect(await world.requests({ path: "/api/cloud/me", status: "503" })).toHaveLength(1);
});

test("a month passes in the world and in the page", async ({ page, clock }) => {
  await page.goto(`${emulatorUrl}/healthz`);
  const start = await page.evaluate(() => Date.now());
  await clock.advance("P30D");
  const days = ((await page.evaluate(() => Date.now())) - start) / 86_400_000;
  expect(Math.round(days)).toBe(30);
});

test("two users share a world", async ({ browser, page, world, signIn }) => {
  await signIn(world.logins[0]?.email);
  const other = await browser.newContext();
  await world.enter(other);
  await signIn(world.logins[1]?.email, { on: other });
  const emails = await Promise.all(
    [page.request, other.request].map(async (api) => {
      const response = await api.get(`${emulatorUrl}/api/cloud/me`);
      return ((await response.json()) as { email: string }).email;
    }),
  );
  expect(emails).toEqual([world.logins[0]?.email, world.logins[1]?.email]);
});

test.describe("on another seed", () => {
  test.use({ seed: "empty" });

  test("there is no user to sign in", async ({ signIn }) => {
    await expect(signIn()).rejects.toThrow("The seed has no user");
  });
});
