"""The BFF's documented route table, as data.

Docs: API reference, BFF routes. A test holds it against the page, both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An upstream route; `{…}` in the path is filled from the member of that name of the body."""

    method: str
    path: str
    takes_body: bool = True
    """Where it takes none, members of the body beside the action and the path's are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One route of the dashboard and what it is forwarded to."""

    method: str
    path: str
    used_by: str
    target: Target | None = None
    actions: Mapping[str, Target] = field(default_factory=dict)
    """Where one route carries several actions: the member `action` of the body chooses.

    Assumed: the page names the actions ("export, delete, restrict", "Create / revoke"), not how a
    body says which.
    """
    is_sample: bool = False
    is_fixture: bool = False
    """Only there while the e2e fixtures are on."""


def _to(method: str, path: str, *, takes_body: bool = True) -> Target:
    return Target(method=method, path=path, takes_body=takes_body)


CLOUD = (
    Row(method="GET", path="/api/cloud/me", target=_to("GET", "/api/me"), used_by="Profile panel"),
    Row(
        method="PATCH",
        path="/api/cloud/me",
        target=_to("PATCH", "/api/me"),
        used_by="Profile opt-ins",
    ),
    Row(
        method="POST",
        path="/api/cloud/me",
        actions={
            "export": _to("GET", "/api/me/export", takes_body=False),
            "delete": _to("POST", "/api/me/delete", takes_body=False),
            "cancel_delete": _to("POST", "/api/me/delete/cancel", takes_body=False),
            "restrict": _to("POST", "/api/me/restrict"),
            "object": _to("POST", "/api/me/object"),
        },
        used_by="DSAR actions (export, delete, restrict)",
    ),
    Row(
        method="GET",
        path="/api/cloud/workspaces",
        target=_to("GET", "/api/workspaces"),
        used_by="Workspace switcher",
    ),
    Row(
        method="POST",
        path="/api/cloud/workspaces",
        target=_to("POST", "/api/workspaces"),
        used_by="Workspace creation",
    ),
    Row(
        method="GET",
        path="/api/cloud/projects",
        target=_to("GET", "/api/projects"),
        used_by="Project list",
    ),
    Row(
        method="POST",
        path="/api/cloud/projects",
        target=_to("POST", "/api/projects"),
        used_by="Project creation",
    ),
    Row(
        method="GET",
        path="/api/cloud/runs",
        target=_to("GET", "/api/runs"),
        used_by="Recent runs table",
    ),
    Row(
        method="POST",
        path="/api/cloud/runs",
        target=_to("POST", "/api/runs"),
        used_by="Test suites, while the e2e fixtures are on",
        is_fixture=True,
    ),
    Row(
        method="POST",
        path="/api/cloud/api-keys",
        target=_to("POST", "/api/api-keys"),
        used_by="API key issuance (one-time secret)",
    ),
    Row(
        method="POST",
        path="/api/cloud/shares",
        actions={
            "create": _to("POST", "/api/shares"),
            "revoke": _to("POST", "/api/shares/{share_id}/revoke", takes_body=False),
        },
        used_by="Create / revoke public share",
    ),
    Row(
        method="POST",
        path="/api/cloud/billing/checkout",
        target=_to("POST", "/api/billing/checkout"),
        used_by="Stripe Checkout session",
    ),
    Row(
        method="POST",
        path="/api/cloud/billing/portal",
        target=_to("POST", "/api/billing/portal"),
        used_by="Stripe Customer Portal",
    ),
    Row(
        method="POST",
        path="/api/cloud/sample-run",
        target=_to("POST", "/api/runs"),
        used_by="Onboarding “upload sample run”",
        is_sample=True,
    ),
)
"""The routes that are forwarded with the session and the workspace context."""

PUBLIC = Row(
    method="GET",
    path="/api/public/r/{token}",
    target=_to("GET", "/api/public/shares/{token}"),
    used_by="Resolve a public share token to a run snapshot",
)
"""The one forwarded route that needs no session."""

CLI_SYNC = Row(
    method="POST",
    path="/api/e2e/cli-sync",
    used_by="Synthetic endpoint the test suite hits to seed runs",
    is_fixture=True,
)

AUTH = (
    Row(method="POST", path="/api/auth/login", used_by="Supabase email/password sign-in"),
    Row(method="POST", path="/api/auth/signup", used_by="Supabase email/password sign-up"),
    Row(method="POST", path="/api/auth/logout", used_by="Supabase sign-out"),
    Row(method="POST", path="/api/auth/reset-password", used_by="Supabase reset email request"),
    Row(method="GET", path="/api/auth/session", used_by="Current session check"),
)
"""The dashboard's session flow; its handlers are in `auth.py`."""

ALL = (*CLOUD, PUBLIC, CLI_SYNC, *AUTH)
