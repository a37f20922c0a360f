"""Cards: Stripe's test numbers decide how a card behaves; numbers and CVCs are never stored.

Real: the numbers and their behavior are Stripe's (docs.stripe.com/testing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emulator.world.core.refusals import CardDeclined, Invalid
from emulator.world.core.times import to_datetime
from emulator.world.core.world import World
from emulator.world.records.billing import CardFacts

Charges = Literal["succeed", "fail", "need authentication"]

GOOD = "4242424242424242"
FAILS_LATER = "4000000000000341"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """The behavior of a test number: declined at once with a code, or attached and then charged."""

    declines: str | None = None
    needs_authentication: bool = False
    """Whether 3-D Secure is required before the card is attached."""
    charges: Charges = "succeed"


TEST_CARDS: Mapping[str, Behavior] = {
    GOOD: Behavior(),
    "5555555555554444": Behavior(),
    "378282246310005": Behavior(),
    "4000000000000002": Behavior(declines="generic_decline"),
    "4000000000009995": Behavior(declines="insufficient_funds"),
    "4000000000000069": Behavior(declines="expired_card"),
    "4000000000000127": Behavior(declines="incorrect_cvc"),
    "4000002500003155": Behavior(needs_authentication=True),
    "4000002760003184": Behavior(needs_authentication=True, charges="need authentication"),
    FAILS_LATER: Behavior(charges="fail"),
}
"""Number → behavior."""

MESSAGES: Mapping[str, str] = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card’s security code is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "authentication_failed": "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again.",
    "test_mode_live_card": "Your card was declined. Your request was in test mode, but used a non "
    "test card. Use one of Stripe’s test numbers, such as 4242 4242 4242 4242.",
}
"""Code → Stripe's message to the cardholder."""

_AMEX = ("34", "37")
_BRANDS = (*((start, "amex") for start in _AMEX), ("4", "visa"), ("5", "mastercard"))
_LENGTHS = range(13, 20)
_MONTHS = 12
_CENTURY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCard:
    """A card as typed into a form, valid but not yet attached."""

    number: str
    facts: CardFacts

    @property
    def behavior(self) -> Behavior:
        """The behavior of the number."""
        return TEST_CARDS.get(self.number, Behavior(declines="test_mode_live_card"))


def read_card(world: World, *, number: str, expiry: str, cvc: str, holder: str) -> TypedCard:
    """Parse the fields of a form. Raises Invalid at `number`, `expiry`, `cvc` or `holder`.

    `expiry` is MM/YY or MM/YYYY; spaces and hyphens in the number are ignored.
    """
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _LENGTHS:
        raise Invalid("number", "Your card number is incomplete.")
    if not _is_luhn(digits):
        raise Invalid("number", "Your card number is invalid.")
    month, year = _expiry(world, expiry)
    brand = next((name for start, name in _BRANDS if digits.startswith(start)), "unknown")
    if not cvc.isascii() or not cvc.isdigit() or len(cvc) != (4 if brand == "amex" else 3):
        raise Invalid("cvc", "Your card’s security code is incomplete.")
    if not holder.strip():
        raise Invalid("holder", "Enter the name on the card.")
    facts = CardFacts(
        brand=brand,
        last_four=digits[-4:],
        exp_month=month,
        exp_year=year,
        holder=holder.strip()[:200],
        charges=TEST_CARDS.get(digits, Behavior()).charges,
    )
    return TypedCard(number=digits, facts=facts)


def facts_of(world: World, number: str, *, holder: str) -> CardFacts:
    """Return the facts of a card that expires in three years, for seeds and the control surface.

    Raises Invalid, and CardDeclined for a number that cannot be attached.
    """
    year = to_datetime(world.now).year + 3
    cvc = "1234" if number.startswith(_AMEX) else "123"
    typed = read_card(world, number=number, expiry=f"12/{year}", cvc=cvc, holder=holder)
    require_accepted(typed)
    return typed.facts


def require_accepted(card: TypedCard) -> None:
    """Raise CardDeclined if the card cannot be attached."""
    code = card.behavior.declines
    if code is not None:
        raise CardDeclined(code, MESSAGES[code])


def _expiry(world: World, text: str) -> tuple[int, int]:
    month_text, _, year_text = text.replace(" ", "").partition("/")
    parts = (month_text, year_text)
    if not all(part.isascii() and part.isdigit() for part in parts) or len(year_text) not in (2, 4):
        raise Invalid("expiry", "Write the expiry date as MM / YY.")
    month, year = int(month_text), int(year_text)
    now = to_datetime(world.now)
    if len(year_text) == len("YY"):
        year += now.year // _CENTURY * _CENTURY
    if not 1 <= month <= _MONTHS:
        raise Invalid("expiry", "The expiry month should be 01 to 12.")
    if (year, month) < (now.year, now.month):
        raise Invalid("expiry", "Your card’s expiration date is in the past.")
    return month, year


def _is_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - the digits of a doubled digit
    return total % 10 == 0
