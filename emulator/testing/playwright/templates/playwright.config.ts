import { defineConfig, devices } from "@playwright/test";
import { browser, emulatorServer, emulatorUrl } from "./worldflux.config.js";

export default defineConfig({
  testDir: "tests",
  // Every test has a world of its own, so all of them may run at once against one emulator.
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  use: {
    // Where your pages are. Spell the host as the emulator's: to a browser, localhost and 127.0.0.1 are two sites.
    baseURL: emulatorUrl,
    trace: "retain-on-failure",
  },
  projects: [{ name: "chromium", use: { ...devices["Desktop Chrome"], launchOptions: browser } }],
  // Your own dev server goes beside it: webServer: [emulatorServer, { command: "npm run dev", url: … }].
  webServer: [emulatorServer],
});
