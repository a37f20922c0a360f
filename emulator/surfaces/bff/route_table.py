"""BFF route table: the documented routes that are forwarded to the upstream, as data.

Docs: API reference, BFF routes. A test compares the table with the page, in both directions. The
session flow of the dashboard is in `auth.py`, the test suites' own endpoint in `fixtures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.contract.catalog import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A route of the upstream; the body's member of that name fills each `{…}` of the path."""

    method: str
    path: str
    takes_body: bool = True
    """Where it takes none, a body may hold only the action and what fills the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A route of the dashboard and the route that it is forwarded to."""

    method: str
    path: str
    name: str
    """The operationId in the BFF's document."""
    used_by: str
    target: Target | None = None
    actions: Mapping[str, Target] = field(default_factory=dict)
    """Where a route carries several actions: the member `action` of the body chooses.

    Assumed: the page names the actions ("export, delete, restrict", "Create / revoke") but does not
    show how a body selects one.
    """
    needs_session: bool = True
    is_sample: bool = False
    is_fixture: bool = False
    """Whether it is routed only while the e2e fixtures are on."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every route of the upstream that it may be forwarded to."""
        return (self.target,) if self.target is not None else tuple(self.actions.values())

    @property
    def operation(self) -> Operation:
        """The operation that the row describes; the document takes its models from the targets."""
        targets = ", ".join(f"{target.method} {target.path}" for target in self.targets)
        return Operation(
            surface="bff",
            method=self.method,
            path=self.path,
            id=f"{self.method} {self.path}",
            name=self.name,
            summary=f"{self.used_by} → {targets}",
            tag=self.path.split("/")[2],
            provenance="base contract",
            caller="session" if self.needs_session else "anyone",
            reads_headers=("cookie", "x-workspace-id") if self.needs_session else (),
            names_world=() if self.needs_session else ("token",),
        )


def _to(method: str, path: str, *, takes_body: bool = True) -> Target:
    return Target(method=method, path=path, takes_body=takes_body)


CLOUD = (
    Row(
        method="GET",
        path="/api/cloud/me",
        name="get_profile",
        target=_to("GET", "/api/me"),
        used_by="Profile panel",
    ),
    Row(
        method="PATCH",
        path="/api/cloud/me",
        name="update_profile",
        target=_to("PATCH", "/api/me"),
        used_by="Profile opt-ins",
    ),
    Row(
        method="POST",
        path="/api/cloud/me",
        name="request_privacy_action",
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
        name="list_workspaces",
        target=_to("GET", "/api/workspaces"),
        used_by="Workspace switcher",
    ),
    Row(
        method="POST",
        path="/api/cloud/workspaces",
        name="create_workspace",
        target=_to("POST", "/api/workspaces"),
        used_by="Workspace creation",
    ),
    Row(
        method="GET",
        path="/api/cloud/projects",
        name="list_projects",
        target=_to("GET", "/api/projects"),
        used_by="Project list",
    ),
    Row(
        method="POST",
        path="/api/cloud/projects",
        name="create_project",
        target=_to("POST", "/api/projects"),
        used_by="Project creation",
    ),
    Row(
        method="GET",
        path="/api/cloud/runs",
        name="list_runs",
        target=_to("GET", "/api/runs"),
        used_by="Recent runs table",
    ),
    Row(
        method="POST",
        path="/api/cloud/runs",
        name="create_run",
        target=_to("POST", "/api/runs"),
        used_by="Test suites, while the e2e fixtures are on",
        is_fixture=True,
    ),
    Row(
        method="POST",
        path="/api/cloud/api-keys",
        name="create_api_key",
        target=_to("POST", "/api/api-keys"),
        used_by="API key issuance (one-time secret)",
    ),
    Row(
        method="POST",
        path="/api/cloud/shares",
        name="create_or_revoke_share",
        actions={
            "create": _to("POST", "/api/shares"),
            "revoke": _to("POST", "/api/shares/{share_id}/revoke", takes_body=False),
        },
        used_by="Create / revoke public share",
    ),
    Row(
        method="POST",
        path="/api/cloud/billing/checkout",
        name="create_checkout",
        target=_to("POST", "/api/billing/checkout"),
        used_by="Stripe Checkout session",
    ),
    Row(
        method="POST",
        path="/api/cloud/billing/portal",
        name="create_portal",
        target=_to("POST", "/api/billing/portal"),
        used_by="Stripe Customer Portal",
    ),
    Row(
        method="POST",
        path="/api/cloud/sample-run",
        name="create_sample_run",
        target=_to("POST", "/api/runs"),
        used_by="Onboarding “upload sample run”",
        is_sample=True,
    ),
)
"""The routes that are forwarded with the session and the workspace context."""

PUBLIC = Row(
    method="GET",
    path="/api/public/r/{token}",
    name="get_public_run",
    needs_session=False,
    target=_to("GET", "/api/public/shares/{token}"),
    used_by="Resolve a public share token to a run snapshot",
)
"""The only forwarded route that needs no session."""

ROWS = (*CLOUD, PUBLIC)
