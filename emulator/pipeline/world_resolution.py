"""World resolution: decides which world a request belongs to.

Prefix, header and cookie create a world on first use. A credential and the port of a deleted world
never do; nor does reading control, so that a bookmark of a deleted world does not bring it back;
nor does what a page of another site has a browser send.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.pipeline.credential_places import CredentialPlaces, PlacesOfSurfaces
from emulator.pipeline.world_names import (
    COOKIE_SOURCE,
    HEADER_SOURCE,
    PREFIX_SOURCE,
    SESSION_SOURCE,
    names_by_address,
    names_by_cookies,
    names_by_credentials,
)
from emulator.registry.live_world import LiveWorld
from emulator.registry.registry import WorldRegistry
from emulator.wire.http.incoming_request import ASIDE, IncomingRequest
from emulator.wire.http.origins import is_of_another_site
from emulator.world.core.refusals import Conflict
from emulator.world.core.world import DEFAULT, World

COOKIELESS = ASIDE | {"/healthz", "/_emulator/health"}
"""Paths that are about the server: cookies, which a browser sends everywhere, name no world."""

CONTROL_PREFIX = "/_emulator"

_DISAGREEING = 2
"""How many sources it takes to disagree."""

_NAMED_BY_CLIENT = (PREFIX_SOURCE, HEADER_SOURCE, COOKIE_SOURCE)


class WorldResolver:
    """Finds the world of a request among the live worlds, or creates it."""

    def __init__(self, registry: WorldRegistry, places: PlacesOfSurfaces) -> None:
        self._registry = registry
        self._places = places

    def resolve(self, request: IncomingRequest) -> LiveWorld:
        """Return the world of a request. Raises Conflict by name, NotFound, Invalid."""
        if request.control_world is not None:
            return self._registry.get(request.control_world)
        if request.path.startswith(self._places_of(request).worldless):
            return self._registry.get(DEFAULT)
        sources = self._sources(request)
        _require_agreement(sources)
        name = next(iter(sources.values()), DEFAULT)
        if not self._registry.exists(name) and self._may_create(request, sources):
            return self._registry.get_or_create(name)
        return self._registry.get(name)

    def has_stale_cookie(self, request: IncomingRequest) -> bool:
        """Return whether cookies alone name a world that does not exist and is not created."""
        registry = self._registry
        if registry.settings.makes_worlds_lazily or request.control_world is not None:
            return False
        if request.path.startswith(self._places_of(request).worldless):
            return False
        sources = self._sources(request)
        name = sources.get(COOKIE_SOURCE)
        is_alone = sources.keys() <= {COOKIE_SOURCE, SESSION_SOURCE}
        return name is not None and is_alone and not registry.exists(name)

    def world_of_url(self, request: IncomingRequest) -> World | None:
        """Return the live world that a URL names by its port or prefix, as it is; None if the URL
        names none, a world that does not exist, or two.
        """
        named = {
            name
            for source, name in names_by_address(self._registry.ports, request)
            if not source.startswith(HEADER_SOURCE)
        }
        if request.path.startswith(self._places_of(request).worldless):
            named = {DEFAULT}
        if request.control_world is not None:
            named = {request.control_world}
        return self._registry.peek(named.pop()) if len(named) == 1 else None

    def _sources(self, request: IncomingRequest) -> dict[str, str]:
        """Return what names a world, strongest first, with the name."""
        sources = dict(names_by_address(self._registry.ports, request))
        has_cookie = "cookie" in request.headers and request.path not in COOKIELESS
        if has_cookie and not sources:
            sources |= names_by_cookies(request.credentials, self._registry)
        sources |= names_by_credentials(request, self._places_of(request))
        return sources

    def _places_of(self, request: IncomingRequest) -> CredentialPlaces:
        return self._places.of(request.surface.prefix)

    def _may_create(self, request: IncomingRequest, sources: Mapping[str, str]) -> bool:
        """Return whether a world that is named but does not exist may be created."""
        is_control = request.path.startswith(CONTROL_PREFIX) or request.path in ASIDE
        if is_control and request.method == "GET":
            return False
        is_named = any(source in sources for source in _NAMED_BY_CLIENT)
        return is_named and not is_of_another_site(request.headers, self._registry.settings)


def _require_agreement(sources: Mapping[str, str]) -> None:
    if len(sources) < _DISAGREEING:
        return
    (first, name), *others = sources.items()
    for source, other in others:
        if other != name:
            raise Conflict(
                f"The request names two worlds: {first} says {name!r}, {source} says {other!r}. "
                "Send one of them."
            )
