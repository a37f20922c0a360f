"""What a test's world has: its clock, its mail, its faults."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from emulator.client.control_client import ControlClient

__tracebackhide__ = True  # what pytest shows of a failure ends in the test

WAIT_SECONDS = 5
"""How long to wait for a mail that does not come, by the machine's clock."""


class ClockHandle:
    """The world's clock, which stands still until it is moved."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """What time it is in the world."""
        return datetime.fromisoformat(self._control.get("clock")["now"])

    def advance(self, by: timedelta | str | float | None = None, **span: float) -> dict[str, Any]:
        """Move on and return what fell due: `advance("P30D")`, `advance(days=30)`, seconds, or a
        timedelta. It never goes backwards.
        """
        if by is None:
            by = timedelta(**span)
        if isinstance(by, timedelta):
            by = by.total_seconds()
        span_said = {"duration": by} if isinstance(by, str) else {"seconds": by}
        said: dict[str, Any] = self._control.post("clock", "advance", **span_said)
        return said

    def set(self, now: datetime | str) -> dict[str, Any]:
        """Move to a moment that has not passed, with its zone, and return what fell due."""
        moment = now if isinstance(now, str) else now.isoformat()
        said: dict[str, Any] = self._control.post("clock", "set", now=moment)
        return said


class Mailbox:
    """The mails that the world has sent; nothing leaves the machine."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def sent(self, *, to: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the newest mails first, each with `link`, `code`, `text` and `html`."""
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
        """Return the newest mail that fits, once there is one; `after` is the id of a mail that is
        already known. Fails the test where none comes.
        """
        said = self._control.get("mail", to=to, kind=kind, after=after, wait=timeout_seconds)
        if not said["items"]:
            sent = ", ".join(f"{one['kind']} to {one['to']}" for one in self.sent()) or "none"
            raise AssertionError(
                f"No mail (to={to}, kind={kind}) came within {timeout_seconds} s; sent: {sent}."
            )
        mail: dict[str, Any] = said["items"][0]
        return mail


class FaultHandle:
    """An armed fault."""

    def __init__(self, control: ControlClient, fault_id: str) -> None:
        self._control = control
        self.id = fault_id

    @property
    def hits(self) -> int:
        """How many calls it has hit."""
        items = self._control.get("faults")["items"]
        return next((int(one["hits"]) for one in items if one["id"] == self.id), 0)

    def disarm(self) -> None:
        """Let calls through again."""
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
