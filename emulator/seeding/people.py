"""People of `seeds/crowded.yaml`, invented with Faker once and stored in the file.

`python -m emulator.seeding.people` rewrites those lines. Planting does not import Faker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from json import dumps

from emulator.seeding.files import find
from emulator.world.workspaces.slugs import slugify

COUNT = 24
"""Members of the crowded workspace beside its owner."""

_ADMINS = 3
_LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "sv_SE", "it_IT", "cs_CZ", "pt_BR")
_DOMAINS = ("example.com", "example.org", "example.net")
"""Reserved for documentation by RFC 2606: they receive no mail."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a unique address."""

    name: str
    email: str


def invent_people(count: int) -> list[Person]:
    """Return people of several countries, the same for the same version of Faker."""
    from faker import Faker

    faker = Faker(list(_LOCALES))
    faker.seed_instance(0)
    people: dict[str, Person] = {}
    while len(people) < count:
        place = len(people)
        country = faker[_LOCALES[place % len(_LOCALES)]]
        first, last = country.first_name(), country.last_name()
        # Case folding spells ß as ss, which slugify would drop.
        mailbox = f"{slugify(first.casefold())}.{slugify(last.casefold())}"
        person = Person(f"{first} {last}", f"{mailbox}@{_DOMAINS[place % len(_DOMAINS)]}")
        people.setdefault(mailbox, person)
    return list(people.values())


def with_people(text: str, people: list[Person]) -> str:
    """Return the text of a seed with its invented users and members replaced."""
    users = [
        f"{{email: {person.email}, name: {dumps(person.name, ensure_ascii=False)}, "
        "password: demo-password}"
        for person in people
    ]
    members = [
        f"{{user: {person.email}, role: {_role(place)}}}" for place, person in enumerate(people)
    ]
    return _with_block(_with_block(text, "users", users), "members", members)


def _role(place: int) -> str:
    return "admin" if place < _ADMINS else "member"


def _with_block(text: str, name: str, items: list[str]) -> str:
    pattern = rf"^( *)# Invented {name}\b.*\n(?:.*\n)*?\1# End of invented {name}\.\n"
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"the seed has no block of invented {name}")
    indent = found[1]
    lines = [
        f"# Invented {name}: Faker {version('faker')}, see emulator/seeding/people.py.",
        *(f"- {item}" for item in items),
        f"# End of invented {name}.",
    ]
    block = "".join(f"{indent}{line}\n" for line in lines)
    return text[: found.start()] + block + text[found.end() :]


def crowded_text() -> str:
    """Return the text of `seeds/crowded.yaml` with the installed version of Faker."""
    return with_people(find("crowded").read_text("utf-8"), invent_people(COUNT))


if __name__ == "__main__":
    find("crowded").write_text(crowded_text(), "utf-8")
