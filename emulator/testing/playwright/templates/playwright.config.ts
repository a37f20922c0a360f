import { defineConfig, devices } from "@playwright/test";
import { browser, emulatorServer, emulatorUrl } from "./worldflux.config.js";

export default defineConfig({
  testDir: "tests",
  // Every test has its own world, so all of them can run at once on one emulator.
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  use: {
    // The origin of your pages. Use the emulator's host name: to a browser, localhost and 127.0.0.1 are different sites.
    baseURL: emulatorUrl,
    trace: "retain-on-failure",
  },
  projects: [{ name: "chromium", use: { ...devices["Desktop Chrome"], launchOptions: browser } }],
  // Add your own dev server beside it: webServer: [emulatorServer, { command: "npm run dev", url: … }].
  webServer: [emulatorServer],
});
