"""Coverage: how often requests exercised each operation, error code and record state.

It spans all worlds and lasts as long as the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from emulator.contract.catalog import OperationCatalog
from emulator.journal.journal import Entry
from emulator.journal.observed_states import STATES, shown_states

_REFUSED = 400


class Coverage:
    """The counts of operations, codes and states."""

    def __init__(self, catalog: OperationCatalog) -> None:
        self._catalog = catalog
        self._operations: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._states: Counter[str] = Counter()
        self._missing_states = set(STATES)

    def count(self, operation: str) -> None:
        """Count an operation whose response was repeated: what it shows is counted already."""
        self._operations[operation] += 1

    def add(self, entry: Entry) -> None:
        """Count what a journal entry exercised."""
        self._operations[entry.operation] += 1
        code = entry.code
        if code is not None:
            self._codes[code] += 1
        if entry.status < _REFUSED:
            shown = shown_states(entry.response_body, at=entry.at, wanted=self._missing_states)
            self._states.update(shown)
            self._missing_states -= shown

    def operations(self) -> Mapping[str, int]:
        """Return how often each operation that is built was called, control's left out."""
        return {
            operation.id: self._operations[operation.id]
            for operation in sorted(self._catalog, key=lambda operation: operation.id)
            if operation.surface != "control" and operation.availability == "built"
        }

    def code(self, code: str) -> int:
        """Return how often a response carried an error code."""
        return self._codes[code]

    def states(self) -> Mapping[str, int]:
        """Return how often each state of a record was shown."""
        return {state: self._states[state] for state in STATES}
