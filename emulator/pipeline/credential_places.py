"""Credential places: where the requests of operations may carry credentials that name a world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from emulator.contract.catalog import Operation, OperationCatalog


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPlaces:
    """The places that `Operation.names_world` declares, and the paths that are about all worlds."""

    links: tuple[str, ...]
    """What precedes the credential in a path."""
    queries: Mapping[str, tuple[str, ...]]
    """Path → the members of its query."""
    bodies: Mapping[str, tuple[str, ...]]
    """Path → the members of its body."""
    worldless: tuple[str, ...]
    """The beginnings of paths for which no world is looked up, so that a client that names its
    world in every request can create it, too."""


class PlacesOfSurfaces:
    """The credential places of the operations below each prefix, read with the first request."""

    def __init__(self, catalog: OperationCatalog) -> None:
        self._catalog = catalog
        self.of = lru_cache(maxsize=32)(self._of)
        """Returns the places of the surface with a prefix."""

    def _of(self, prefix: str) -> CredentialPlaces:
        return credential_places(self._catalog.below(prefix))


def credential_places(operations: Iterable[Operation]) -> CredentialPlaces:
    """Return the places that operations declare."""
    links: dict[str, None] = {}
    worldless: dict[str, None] = {}
    queries: dict[str, tuple[str, ...]] = {}
    bodies: dict[str, tuple[str, ...]] = {}
    for operation in operations:
        start = operation.path.partition("{")[0]
        if operation.ignores_world:
            worldless[start.rstrip("/")] = None
        members = tuple(
            name for name in operation.names_world if f"{{{name}}}" not in operation.path
        )
        if len(members) < len(operation.names_world):
            links[start] = None
        if members:
            (queries if operation.method == "GET" else bodies)[operation.path] = members
    return CredentialPlaces(
        links=tuple(links), queries=queries, bodies=bodies, worldless=tuple(worldless)
    )
