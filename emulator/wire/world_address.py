"""The address of a world in a request: a header, a cookie, and the prefix of a path."""

from __future__ import annotations

HEADER = "x-emulator-world"
COOKIE = "emulator_world"
PREFIX = "/_w/"


def without_prefix(path: str) -> tuple[str, str | None]:
    """Return a path without the prefix that names a world, and that name."""
    if not path.startswith(PREFIX):
        return path, None
    name, slash, rest = path.removeprefix(PREFIX).partition("/")
    return slash + rest or "/", name
