"""Writers of the generated files: `python -m tests.generate [--check]`."""
