"""Schema of seeds; `/api/e2e/cli-sync` takes runs of the same shape.

Moments are absolute, or ISO 8601 durations relative to the epoch (`-P3D`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    field_validator,
)

from emulator.wire.fields import (
    Email,
    EventName,
    Id,
    JsonObject,
    Name,
    Password,
    Slug,
    Strict,
    WebUrl,
    within_calendar,
)
from emulator.wire.run_input import RunFields
from emulator.world.billing.cards import GOOD
from emulator.world.billing.webhook_endpoints import ALL_KINDS
from emulator.world.metering.plans import UNCAPPED_PLAN
from emulator.world.records.types import Interval, Role, RunStatus, Task
from emulator.world.workspaces.api_keys import PREFIX

_INSTANT = TypeAdapter(AwareDatetime)
_SPAN = TypeAdapter(timedelta)
_SPAN_MAX = timedelta(days=36_525)
_NO_MOMENT = "Input should be an RFC 3339 time with a zone or a duration like -P3D"


def _moment(value: Any) -> datetime | timedelta:
    if isinstance(value, str):
        kind = _SPAN if value.lstrip("+-").startswith("P") else _INSTANT
        try:
            value = kind.validate_python(value)
        except ValidationError as error:
            raise ValueError(_NO_MOMENT) from error
    # The bounds keep every moment, relative to any epoch, within the years of RFC 3339.
    if isinstance(value, timedelta):
        if abs(value) > _SPAN_MAX:
            raise ValueError("A duration must be at most 100 years")
        return value
    if isinstance(value, datetime) and value.tzinfo:
        return within_calendar(value)
    raise ValueError(_NO_MOMENT)


Moment = Annotated[
    datetime | timedelta,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-01-01T00:00:00Z", "-P3D"]}),
]
"""An instant, or its distance from the epoch."""


class SeedRun(RunFields):
    """A run of a seed or of `/api/e2e/cli-sync`, which requires `client_run_id`."""

    client_run_id: Name | None = None
    id: Id | None = None
    name: Annotated[Name | None, Field(description="Default: the client_run_id.")] = None
    project: Annotated[str | None, Field(description="A project's slug or id.")] = None
    adapter_id: Annotated[Name | None, Field(description="Default: openpi.")] = None
    task: Annotated[Task | None, Field(description="Default: eval.")] = None
    status: Annotated[RunStatus | None, Field(description="Default: succeeded.")] = None
    extra: JsonObject | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None


class SeedUser(Strict):
    """A user; the e-mail is confirmed by default."""

    email: Email
    password: Password
    name: str = ""
    id: Id | None = None
    is_confirmed: bool = True
    user_metadata: JsonObject = {}
    analytics_opt_in: bool = False
    product_mail_opt_in: bool = False


class SeedAuth(Strict):
    """Settings of Supabase Auth; everything is off by default."""

    confirm_email: bool = False
    disable_signup: bool = False
    password_min_length: Annotated[int, Field(ge=1, le=72)] = 6
    mails_per_minute: Annotated[
        int | None,
        Field(ge=0, description="Mails to each address. Default: no limit; GoTrue's is 1."),
    ] = None
    requests_per_minute: Annotated[int | None, Field(ge=0)] = None
    session_timebox: Annotated[
        timedelta | None,
        Field(gt=timedelta(0), description="Lifetime of a session. Default: unlimited."),
    ] = None
    signing: Literal["HS256", "ES256"] = "HS256"
    site_url: WebUrl = "http://localhost:3000"
    require_api_key: Annotated[
        bool,
        Field(description="Refuse a missing or unknown `apikey`, as Supabase's gateway does."),
    ] = False


Cap = Annotated[int | None, Field(ge=0, le=2**53, description="null: no cap.")]


class SeedCaps(Strict):
    """Caps of a plan; an absent cap keeps the built-in plan's, and is none in an added plan."""

    runs: Cap = None
    storage_bytes: Cap = None
    projects: Cap = None
    members: Annotated[int | None, Field(ge=1, description="null: no cap.")] = None
    api_keys: Cap = None
    shares: Cap = None


class SeedPlan(Strict):
    """A plan: overrides the built-in plan with its name, or adds a plan.

    Assumed: A plan that a seed adds costs nothing and has no caps and no trial by default.
    """

    title: Name | None = None
    month_price_cents: Annotated[int | None, Field(ge=0, le=10**8)] = None
    year_price_cents: Annotated[int | None, Field(ge=0, le=10**8)] = None
    trial_days: Annotated[int | None, Field(ge=0, le=730)] = None
    caps: SeedCaps = SeedCaps()


class SeedMember(Strict):
    """A member of a workspace."""

    user: Email
    role: Role = "member"


class SeedProject(Strict):
    """A project; the name defaults to the slug."""

    slug: Slug
    name: Name | None = None
    description: str = ""
    id: Id | None = None


class SeedKey(Strict):
    """An API key; pin the secret to use it in tests."""

    name: Name
    user: Email
    id: Id | None = None
    secret: Annotated[
        str | None, StringConstraints(pattern=rf"^{PREFIX}[A-Za-z0-9_]{{16,}}$", max_length=200)
    ] = None
    expires_at: Moment | None = None
    is_revoked: bool = False


class SeedShare(Strict):
    """A public link to a run; `run` is a client_run_id or an id."""

    run: str
    user: Email
    id: Id | None = None
    token: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,100}$")] = None
    expires_at: Moment = timedelta(days=30)
    is_revoked: bool = False


class Recipe(Strict):
    """Many synthetic runs in a few lines: a count, a period and weights."""

    runs: Annotated[int, Field(ge=1, le=1_000_000)]
    days: Annotated[
        int,
        Field(ge=1, le=3650, description="Days before the epoch that the runs are spread over."),
    ] = 90
    families: Annotated[
        dict[Literal["libero", "atari100k", "dmcontrol"], Annotated[int, Field(ge=1)]],
        Field(min_length=1, description="Weights of the benchmarks."),
    ]
    statuses: Annotated[
        dict[RunStatus, Annotated[int, Field(ge=1)]],
        Field(min_length=1, description="Weights of the statuses."),
    ]


class SeedSubscription(Strict):
    """A subscription that starts in the past and reaches its status by the epoch.

    By default a trial starts four days before the epoch, an active subscription ten, and any other
    a period and some days. For `past_due` and `unpaid` the card is replaced after the first payment
    with one that fails (by default the number ending in 0341).
    """

    plan: Slug
    interval: Interval = "month"
    status: Literal["trialing", "active", "past_due", "unpaid", "canceled"] = "active"
    card: Annotated[
        str | None,
        Field(description="One of Stripe's test numbers; null for a trial without a card."),
    ] = GOOD
    started_at: Moment | None = None
    trial_days: Annotated[
        int | None,
        Field(ge=1, le=730, description="Default: the plan's, if the status is trialing."),
    ] = None
    cancel_at_period_end: bool = False


class SeedBilling(Strict):
    """Settings of billing: whether events wait for the control plane's webhook, and what happens to
    a subscription after its last failed retry.
    """

    hold_webhook: bool = False
    on_exhausted: Literal["cancel", "unpaid"] = "cancel"


class SeedWebhook(Strict):
    """An endpoint for Stripe's events; they are signed with the server's secret by default."""

    url: WebUrl
    secret: Annotated[str, StringConstraints(pattern=r"^whsec_\S{8,}$")] | None = None
    enabled_events: Annotated[tuple[EventName, ...], Field(min_length=1)] = (ALL_KINDS,)


class SeedWorkspace(Strict):
    """A workspace with everything in it. The first member must be an owner."""

    slug: Slug
    name: Name
    id: Id | None = None
    plan: Annotated[Slug, Field(description="Default: enterprise, which has no caps.")] = (
        UNCAPPED_PLAN
    )
    runs_limit: Annotated[
        int | None,
        Field(
            ge=0,
            description="Overrides the plan's cap of runs until the plan changes.",
        ),
    ] = None
    subscription: SeedSubscription | None = None
    members: Annotated[list[SeedMember], Field(min_length=1)]
    projects: list[SeedProject] = []
    runs: list[SeedRun] = []
    recipe: Recipe | None = None
    api_keys: list[SeedKey] = []
    shares: list[SeedShare] = []


class Seed(Strict):
    """A world in one file."""

    description: Annotated[str, Field(description="One line for `seeds list`.")] = ""
    entropy: Annotated[
        str | None, Field(description="Input of derived ids and secrets. Default: the seed's name.")
    ] = None
    epoch: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    auth: SeedAuth = SeedAuth()
    plans: dict[Slug, SeedPlan] = {}
    users: list[SeedUser] = []
    workspaces: list[SeedWorkspace] = []
    billing: SeedBilling = SeedBilling()
    webhooks: list[SeedWebhook] = []

    @field_validator("epoch")
    @classmethod
    def _sane(cls, epoch: datetime) -> datetime:
        if not 1970 <= epoch.year <= 2500:  # noqa: PLR2004 - bounds of a sane clock
            raise ValueError("The epoch must lie between 1970 and 2500")
        return epoch


def schema_text() -> str:
    """Return the JSON Schema of seeds, the content of `seeds/schema.json`."""
    return json.dumps(Seed.model_json_schema(), indent=2) + "\n"
