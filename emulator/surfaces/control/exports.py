"""Worlds as files: everything there is, or what happened in one world."""

from __future__ import annotations

from fastapi import Request, Response

from emulator.persistence.capsule import record_capsule
from emulator.persistence.export import export_bytes, import_bytes
from emulator.registry.registry import WorldRegistry
from emulator.surfaces.control.replies import live_of, reply
from emulator.wire.http.bodies import body_of


async def get_export(_: Request, worlds: WorldRegistry) -> Response:
    """`GET /export`: every world and snapshot as one file; journals and faults stay here."""
    return _file(export_bytes(worlds), "worldflux-emulator.json")


async def import_worlds(request: Request, worlds: WorldRegistry) -> Response:
    """`POST /import`: replace every world and snapshot by those of an export, or none of them."""
    import_bytes(worlds, await body_of(request))
    return reply({"worlds": len(worlds.all()), "snapshots": len(worlds.snapshots)})


async def get_capsule(request: Request, worlds: WorldRegistry) -> Response:
    """`GET /capsule`: what happened in this world, for `worldflux-emulator replay`; has secrets."""
    live = live_of(request, worlds)
    return _file(record_capsule(live, worlds.settings), f"{live.world.name}.capsule.json")


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/json", headers=headers)
