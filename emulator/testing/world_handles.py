"""Handles on the parts of a test's world: its clock, its mailbox, its faults."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from emulator.client.control_client import ControlClient

__tracebackhide__ = True  # pytest's traceback of a failure ends in the test

WAIT_SECONDS = 5
"""How long to wait for mail by default, in wall-clock time."""


class ClockHandle:
    """The clock of a world, which stands still until it is moved."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """The time in the world."""
        return datetime.fromisoformat(self._control.get("clock")["now"])

    def advance(self, by: timedelta | str | float | None = None, **span: float) -> dict[str, Any]:
        """Advance and return what fell due: `advance("P30D")`, `advance(days=30)`, seconds, or a
        timedelta. The clock never goes backward.
        """
        if by is None:
            by = timedelta(**span)
        if isinstance(by, timedelta):
            by = by.total_seconds()
        body = {"duration": by} if isinstance(by, str) else {"seconds": by}
        view: dict[str, Any] = self._control.post("clock", "advance", **body)
        return view

    def set(self, now: datetime | str) -> dict[str, Any]:
        """Advance to a moment with its time zone, and return what fell due."""
        moment = now if isinstance(now, str) else now.isoformat()
        view: dict[str, Any] = self._control.post("clock", "set", now=moment)
        return view


class Mailbox:
    """The mail that a world has sent; none of it leaves the machine."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def sent(self, *, to: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the mail, newest first, each with `link`, `code`, `text` and `html`."""
        items: list[dict[str, Any]] = self._control.get("mail", to=to, kind=kind)["items"]
        return items

    def wait_for(
        self,
        *,
        to: str | None = None,
        kind: str | None = None,
        after: str | None = None,
        timeout_seconds: int = WAIT_SECONDS,
    ) -> dict[str, Any]:
        """Return the newest mail that matches, and wait for it. `after` is the id of a mail: it
        and older mails are skipped.

        Raises AssertionError where no mail matches in time.
        """
        view = self._control.get("mail", to=to, kind=kind, after=after, wait=timeout_seconds)
        if not view["items"]:
            sent = ", ".join(f"{mail['kind']} to {mail['to']}" for mail in self.sent()) or "none"
            raise AssertionError(
                f"No mail (to={to}, kind={kind}) within {timeout_seconds} s; sent: {sent}."
            )
        mail: dict[str, Any] = view["items"][0]
        return mail


class FaultHandle:
    """An armed fault."""

    def __init__(self, control: ControlClient, fault_id: str) -> None:
        self._control = control
        self.id = fault_id

    @property
    def hits(self) -> int:
        """The number of requests it was applied to."""
        items = self._control.get("faults")["items"]
        return next((int(fault["hits"]) for fault in items if fault["id"] == self.id), 0)

    def disarm(self) -> None:
        """Remove the fault."""
        self._control.delete("faults", self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.disarm()
