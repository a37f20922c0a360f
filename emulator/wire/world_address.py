"""The address of a world in a request: a header, a cookie, and parts of a path."""

from __future__ import annotations

HEADER = "x-emulator-world"
COOKIE = "emulator_world"
PREFIX = "/_w/"

_CONTROL = "/_emulator/"
_WORLDS = "/_emulator/worlds/"
_OF_A_WORLD = ("", "reset", "fork")
"""What follows a world's name in the paths of control's own operations on worlds."""

_OF_ALL_WORLDS = ("worlds", "export", "import")


def without_prefix(path: str) -> tuple[str, str | None]:
    """Return a path without the prefix that names a world, and that name."""
    if not path.startswith(PREFIX):
        return path, None
    name, slash, rest = path.removeprefix(PREFIX).partition("/")
    return slash + rest or "/", name


def control_path_of(path: str) -> tuple[str, str | None]:
    """Return a path of control without the world that it names, and that name.

    `/_emulator/worlds/one/mail` is `/_emulator/mail` in the world `one`. Operations on the world
    itself keep their paths, and what is about all worlds has no path in one of them.
    """
    if not path.startswith(_WORLDS):
        return path, None
    name, _, rest = path.removeprefix(_WORLDS).partition("/")
    if rest in _OF_A_WORLD or rest.split("/")[0] in _OF_ALL_WORLDS:
        return path, None
    return _CONTROL + rest, name
