// The emulator for a Playwright config: `webServer: [emulatorServer]`.
// Written by `worldflux-emulator init playwright`; it is yours to change.

import { randomUUID } from "node:crypto";

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
