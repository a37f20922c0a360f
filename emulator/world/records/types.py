"""Types that records share: instants, JSON text, and closed sets of values."""

from __future__ import annotations

from typing import Literal

Instant = int
"""A moment: microseconds since 1970-01-01T00:00:00Z."""


JsonText = str
"""A JSON object as compact text with sorted keys, so that equal objects are equal texts."""


Role = Literal["owner", "admin", "member"]
RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Task = Literal["generate", "rollout", "eval"]
Runtime = Literal["local", "modal", "aws-ec2", "replicate"]
Meter = Literal["runs", "storage_bytes", "projects", "members", "api_keys", "shares"]
LimitSource = Literal["plan", "seed"]
Interval = Literal["month", "year"]
SubscriptionStatus = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "canceled"]
InvoiceStatus = Literal["draft", "open", "paid", "uncollectible"]
BillingReason = Literal["subscription_create", "subscription_cycle", "subscription_update"]
ReservedMeter = Literal["runs", "storage_bytes"]
ReservationStatus = Literal["held", "committed", "reverted", "expired"]
OneTimeKind = Literal[
    "signup", "invite", "magiclink", "recovery", "email_change", "email_change_old"
]
OneTimeSlot = Literal["confirmation", "recovery", "email_change", "email_change_old"]
AuthMethod = Literal[
    "password", "otp", "email/signup", "invite", "magiclink", "recovery", "email_change"
]
MailKind = Literal[
    "confirmation",
    "invitation",
    "magic_link",
    "reset",
    "email_change",
    "export_ready",
    "deletion_scheduled",
]
