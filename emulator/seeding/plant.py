"""Planting: turns a seed into a world, through the same operations that requests use."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.seeding.error_paths import at, within
from emulator.seeding.pins import require_unique_pins
from emulator.seeding.plans import UNCAPPED, plans_of
from emulator.seeding.plant_workspace import IssuedKey, plant_workspace
from emulator.world.billing import webhook_endpoints
from emulator.world.core.json_text import json_text
from emulator.world.core.times import instant
from emulator.world.core.world import DEFAULT, World
from emulator.world.identity import accounts
from emulator.world.records.billing import BillingSettings
from emulator.world.records.identity import AuthSettings
from emulator.world.records.types import Instant

if TYPE_CHECKING:
    from emulator.seeding.schema import Seed, SeedAuth, SeedUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A fresh world, and the credentials that people need to use it."""

    seed: str
    world: World
    logins: tuple[tuple[str, str], ...]
    """E-mail and password of every account."""
    keys: tuple[IssuedKey, ...]
    """Every live API key."""


@contextmanager
def _without_collections() -> Iterator[None]:
    """Collect no garbage: records have no cycles, and looking for some takes a tenth of planting
    crowded.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collections()
def plant(seed: Seed, *, name: str, epoch: Instant | None = None) -> Planted:
    """Return the world that a seed describes; `epoch` overrides the seed's own.

    Raises Invalid with the path of a member that refers to nothing or contradicts another.
    """
    require_unique_pins(seed)
    world = World.begin(
        name=DEFAULT,
        entropy=name if seed.entropy is None else seed.entropy,
        epoch=instant(seed.epoch) if epoch is None else epoch,
    )
    _plant_auth(world, seed.auth)
    plans = plans_of(seed)
    # Without caps until the end: a seed may leave a workspace above them.
    for plan in plans:
        world.put(replace(plan, caps=UNCAPPED))
    for place, user in enumerate(seed.users):
        with at(f"users.{place}.email"):
            _plant_user(world, user)
    keys: list[IssuedKey] = []
    for place, workspace in enumerate(seed.workspaces):
        with within(f"workspaces.{place}"):
            keys.extend(plant_workspace(world, workspace))
    for place, webhook in enumerate(seed.webhooks):
        with at(f"webhooks.{place}.url"):
            webhook_endpoints.add_endpoint(
                world, url=webhook.url, secret=webhook.secret, kinds=webhook.enabled_events
            )
    world.put(
        BillingSettings(is_held=seed.billing.hold_webhook, on_exhausted=seed.billing.on_exhausted)
    )
    for plan in plans:
        world.put(plan)
    return Planted(
        seed=name,
        world=world,
        logins=tuple((user.email, user.password) for user in seed.users),
        keys=tuple(keys),
    )


def _plant_auth(world: World, spec: SeedAuth) -> None:
    timebox = spec.session_timebox
    world.put(
        AuthSettings(
            confirms_email=spec.confirm_email,
            allows_signups=not spec.disable_signup,
            mails_per_minute=spec.mails_per_minute,
            requests_per_minute=spec.requests_per_minute,
            session_timebox_seconds=None if timebox is None else round(timebox.total_seconds()),
            signing=spec.signing,
            site_url=spec.site_url,
            requires_api_key=spec.require_api_key,
            password_length_min=spec.password_min_length,
        )
    )


def _plant_user(world: World, spec: SeedUser) -> None:
    named = {"name": spec.name} if spec.name else {}
    user = accounts.create_user(
        world,
        email=spec.email,
        password=spec.password,
        name=spec.name,
        metadata=json_text(named | spec.user_metadata),
        is_confirmed=spec.is_confirmed,
        pin=spec.id,
        known_hash=getattr(spec, "password_hash", None),
    )
    if spec.analytics_opt_in or spec.product_mail_opt_in:
        world.put(
            replace(
                user,
                analytics_opt_in=spec.analytics_opt_in,
                product_mail_opt_in=spec.product_mail_opt_in,
            )
        )
