"""Pages of their own in real Chromium, on another port than the emulator."""
