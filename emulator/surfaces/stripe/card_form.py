"""Card form of checkout and portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.world.billing.cards import TypedCard, read_card
from emulator.world.core.refusals import CardDeclined, Conflict, Invalid, Refusal
from emulator.world.core.world import World

HINTS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "declined"),
    ("4000 0000 0000 9995", "insufficient funds"),
    ("4000 0000 0000 0069", "expired"),
    ("4000 0000 0000 0127", "wrong security code"),
    ("4000 0025 0000 3155", "requires 3-D Secure"),
    ("4000 0027 6000 3184", "requires 3-D Secure every time"),
    ("4000 0000 0000 0341", "attaches now, fails later"),
)
"""Stripe's test numbers and their effects, for people."""

FIELDS = ("email", "number", "expiry", "cvc", "holder")

_WHERE = {"expired_card": "expiry", "incorrect_cvc": "cvc"}
"""The field of a decline, where it is not the card as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForm:
    """Typed values and their errors by field; `problem` is about the form as a whole.

    A typed number or CVC is never sent back.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def value(self, name: str) -> str:
        """Return the text to show in a field."""
        return "" if name in ("number", "cvc") else self.values.get(name, "")


def typed_card(world: World, fields: Mapping[str, str]) -> TypedCard:
    """Return the card of a form. Raises Invalid with the field."""
    return read_card(
        world,
        number=fields.get("number", ""),
        expiry=fields.get("expiry", ""),
        cvc=fields.get("cvc", "").strip(),
        holder=fields.get("holder", ""),
    )


def refused_form(fields: Mapping[str, str], refusal: Refusal) -> CardForm:
    """Return the form with the refusal at its field."""
    name = ""
    if isinstance(refusal, Invalid):
        name = refusal.path
    elif isinstance(refusal, CardDeclined):
        name = _WHERE.get(refusal.code, "number")
    if name in FIELDS:
        return CardForm(values=fields, errors={name: refusal.message})
    return CardForm(values=fields, problem=refusal.message)


def status_of(refusal: CardDeclined | Conflict | Invalid) -> int:
    """Return the status of a form that is shown again."""
    if isinstance(refusal, CardDeclined):
        return 402
    return 409 if isinstance(refusal, Conflict) else 422
