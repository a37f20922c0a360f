// The emulator for a Playwright config: `webServer: [emulatorServer]`.
// Written by `worldflux-emulator init playwright`; it is yours to change. Imports end in .js, which TypeScript and Playwright
// take for the .ts beside it in every kind of module.

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

export const emulatorUrl = process.env.WORLDFLUX_EMULATOR_URL ?? "http://localhost:8787";

/** Tells the worlds of this run from those of another on the same emulator. Workers inherit what the main process chose. */
export const run = (process.env.WORLDFLUX_RUN ??= randomUUID());

export const emulatorServer = {
  name: "emulator",
  command: `worldflux-emulator serve --seed demo --port ${new URL(emulatorUrl).port || "80"}`,
  // Answers 200 once the seed is planted.
  url: `${emulatorUrl}/_emulator/health`,
  // One that was started for this run (`worldflux-emulator exec -- npx playwright test`) is used even in CI.
  reuseExistingServer: !process.env.CI || !!process.env.WORLDFLUX_EMULATOR_URL,
  // Playwright's own choice is SIGKILL; the emulator ends within a second when asked.
  gracefulShutdown: { signal: "SIGTERM" as const, timeout: 2000 },
};

/** For a Chromium project, `use: { launchOptions: browser }`: the system's Chromium where Playwright's own is not installed. */
export const browser: { executablePath?: string } = existsSync(chromium.executablePath()) ? {} : systemChromium();

function systemChromium(): { executablePath?: string } {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const executablePath = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  return executablePath ? { executablePath } : {};
}
