// The generated config with what keeps a browser off the network.

import { defineConfig } from "@playwright/test";
import generated from "./playwright.config.js";
import { browser } from "./worldflux.config.js";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

export default defineConfig(generated, {
  workers: 4,
  timeout: 60_000,
  projects: [{ name: "chromium", use: { launchOptions: { ...browser, args } } }],
});
