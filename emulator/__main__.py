"""`python -m emulator`, the same as `worldflux-emulator`."""

from emulator.cli import main

main()
