// The generated config with this machine's browser.

import { defineConfig } from "@playwright/test";
import generated from "./playwright.config";

export default defineConfig(generated, {
  workers: 4,
  timeout: 60_000,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
      ],
    },
  },
});
