// The emulator for a Playwright config: `webServer: [emulatorServer]`.
// Written by `worldflux-emulator init playwright`; it is yours to change. Imports end in .js, which TypeScript and Playwright
// resolve to the .ts file in every module system.

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

export const emulatorUrl = process.env.WORLDFLUX_EMULATOR_URL ?? "http://localhost:8787";

/** Keeps the worlds of this run apart from those of other runs on the same emulator. Workers inherit it. */
export const run = (process.env.WORLDFLUX_RUN ??= randomUUID());

export const emulatorServer = {
  name: "emulator",
  command: `worldflux-emulator serve --seed demo --port ${new URL(emulatorUrl).port || "80"}`,
  // Responds with 200 once the seed is planted.
  url: `${emulatorUrl}/_emulator/health`,
  // In CI too, an emulator that was started for this run (`worldflux-emulator exec -- npx playwright test`) is used.
  reuseExistingServer: !process.env.CI || !!process.env.WORLDFLUX_EMULATOR_URL,
  // Playwright's default is SIGKILL; on SIGTERM the emulator shuts down within a second.
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
