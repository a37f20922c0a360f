"""Credentials carry their world: an opaque one of a named world ends in `~name`.

The default world's carry nothing. The tag is added where a credential leaves and taken off where
it comes in; the state and its digest never hold one.
"""

from __future__ import annotations

import re

from emulator.world.core.world import DEFAULT, World

MARK = "~"
_TAG = re.compile(r"[^~]*~([a-z0-9-]{1,40})")


def tagged(credential: str, world: World) -> str:
    """Return a credential as it leaves the world."""
    return credential if world.name == DEFAULT else f"{credential}{MARK}{world.name}"


def untagged(credential: str, world: World) -> str | None:
    """Return a credential as the world knows it, or None if it is of another world."""
    bare, mark, name = credential.partition(MARK)
    return bare if (name if mark else DEFAULT) == world.name else None


def untagged_or_bare(credential: str, world: World) -> str | None:
    """Return a credential that seeds pin and people type, an API key or the token of a share, as
    the world knows it; one without a tag is good in whatever world the request named otherwise.
    """
    bare, mark, _ = credential.partition(MARK)
    return untagged(credential, world) if mark else bare


def tag_of(credential: str) -> str | None:
    """Return the world that an opaque credential says it is of, or None where it says none."""
    match = _TAG.fullmatch(credential)
    return None if match is None else match[1]
