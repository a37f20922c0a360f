"""World tags: an opaque credential of a named world ends in `~name`.

Credentials of the default world have no tag. The tag is added where a credential leaves and removed
where it comes in; the state and its digest never contain a tag.
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
    """Return a credential without its tag, or None if it belongs to another world."""
    bare, mark, name = credential.partition(MARK)
    return bare if (name if mark else DEFAULT) == world.name else None


def untagged_or_bare(credential: str, world: World) -> str | None:
    """Return an API key or share token without its tag, or None if it belongs to another world.

    Seeds pin these and people type them, so that without a tag they are valid in every world.
    """
    bare, mark, _ = credential.partition(MARK)
    return untagged(credential, world) if mark else bare


def tag_of(credential: str) -> str | None:
    """Return the world in the tag of an opaque credential, or None if it has no tag."""
    if MARK not in credential:
        return None
    match = _TAG.fullmatch(credential)
    return None if match is None else match[1]
