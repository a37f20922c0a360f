"""YAML of seeds: strict and bounded; every error is a YAMLError with a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import yaml

from emulator.wire.json_reader import DEPTH_MAX

ALIASED_MAX = 1_000_000
"""Nodes that the aliases of a text may repeat: 20 lines of aliases can expand to 10^20."""


def compose(text: str) -> yaml.Node | None:
    """Return the root node of a text, or None for an empty text.

    Raises YAMLError, also if aliases repeat too much or the nesting is too deep.
    """
    _Extents().read(text)
    return yaml.compose(text, Loader=_Loader)


def construct(text: str, root: yaml.Node | None) -> Any:
    """Return the value of a composed text; an empty text is an empty object. Raises YAMLError."""
    return {} if root is None else _Loader(text).construct_document(root)


@dataclass(slots=True)
class _Extent:
    """The number of nodes in a node, and their depth, with aliases expanded. A node is open until
    its end has been read.
    """

    nodes: int
    depth: int
    is_open: bool

    def hold(self, inner: _Extent) -> None:
        """Count a node within this one."""
        self.nodes += inner.nodes
        self.depth = max(self.depth, inner.depth + 1)


class _Extents:
    """Measures a text by its events, in time linear in its length."""

    def __init__(self) -> None:
        self._anchors: dict[str, _Extent] = {}
        self._open = [_Extent(nodes=0, depth=0, is_open=True)]
        self._aliased = 0

    def read(self, text: str) -> None:
        """Raise YAMLError if aliases repeat too much, or themselves, or nesting is too deep."""
        for event in yaml.parse(text, Loader=_Loader):
            extent = self._measured(event)
            if self._aliased > ALIASED_MAX:
                raise _error(f"aliases repeat more than {ALIASED_MAX:,} nodes in all", event)
            if extent is not None and len(self._open) - 1 + extent.depth > DEPTH_MAX:
                raise _error(f"nested more than {DEPTH_MAX} levels deep; flatten it", event)

    def _measured(self, event: yaml.Event) -> _Extent | None:
        """Return the node that an event completes, or None."""
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append(_Extent(nodes=1, depth=1, is_open=True))
            if event.anchor is not None:
                self._anchors[event.anchor] = self._open[-1]
            return None
        if isinstance(event, yaml.CollectionEndEvent):
            extent = self._open.pop()
            extent.is_open = False
        elif isinstance(event, yaml.ScalarEvent):
            extent = _Extent(nodes=1, depth=0, is_open=False)
            if event.anchor is not None:
                self._anchors[event.anchor] = extent
        elif isinstance(event, yaml.AliasEvent) and event.anchor in self._anchors:
            extent = self._anchors[event.anchor]
            if extent.is_open:
                raise _error(
                    f"the alias {event.anchor!r} is inside the node that it repeats", event
                )
            self._aliased += extent.nodes
        else:
            return None
        self._open[-1].hold(extent)
        return extent


def _error(problem: str, place: Any) -> yaml.YAMLError:
    """Return an error with the line of an event or a node."""
    return yaml.constructor.ConstructorError(None, None, problem, place.start_mark)


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML without timestamps, so that the schema parses moments itself."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Construct a node. Raises YAMLError with its line if its tag cannot read it.

        PyYAML's own constructors of numbers, booleans and timestamps raise Python's errors.
        """
        try:
            value = super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            raise _error(f"this cannot be read as {_short(node.tag)}", node) from error
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise _error("integers must fit in 64 bits", node)
        return value

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping. Raises YAMLError for a duplicate key, which PyYAML accepts."""
        keys: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    raise _error(f"{key.value!r} appears twice in one mapping", key)
                keys.add(key.value)
        return cast(dict[Any, Any], super().construct_mapping(node, deep=deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short(tag: str) -> str:
    """Return a tag in its short form."""
    return tag.replace("tag:yaml.org,2002:", "!!")
