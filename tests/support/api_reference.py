"""What the public pages say, kept as data.

The first part is the page "API reference" to the letter: route, FastAPI target, used by. The
second is what is known of its later edition: "Machine-checked Cloud route list".
"""

from __future__ import annotations

BFF_ROUTES = (
    ("GET /api/cloud/me", "/api/me", "Profile panel"),
    ("PATCH /api/cloud/me", "/api/me", "Profile opt-ins"),
    ("POST /api/cloud/me", "/api/me/...", "DSAR actions (export, delete, restrict)"),
    ("GET /api/cloud/workspaces", "/api/workspaces", "Workspace switcher"),
    ("POST /api/cloud/workspaces", "/api/workspaces", "Workspace creation"),
    ("GET /api/cloud/projects", "/api/projects", "Project list"),
    ("POST /api/cloud/projects", "/api/projects", "Project creation"),
    ("GET /api/cloud/runs", "/api/runs", "Recent runs table"),
    ("POST /api/cloud/api-keys", "/api/api-keys", "API key issuance (one-time secret)"),
    ("POST /api/cloud/shares", "/api/shares", "Create / revoke public share"),
    ("POST /api/cloud/billing/checkout", "/api/billing/checkout", "Stripe Checkout session"),
    ("POST /api/cloud/billing/portal", "/api/billing/portal", "Stripe Customer Portal"),
    ("POST /api/cloud/sample-run", "/api/runs (synthetic)", "Onboarding “upload sample run”"),
)

AUTH_ROUTES = (
    ("POST /api/auth/login", "Supabase email/password sign-in"),
    ("POST /api/auth/signup", "Supabase email/password sign-up"),
    ("POST /api/auth/logout", "Supabase sign-out"),
    ("POST /api/auth/reset-password", "Supabase reset email request"),
    ("GET /api/auth/session", "Current session check"),
)

PUBLIC_ROUTES = (("GET /api/public/r/[token]", "Resolve a public share token to a run snapshot"),)

CODES = {
    "login_required": "Session missing or expired. The dashboard redirects to /login.",
    "validation_error": "Body shape mismatch. details carries the offending field path.",
    "quota_exceeded": "Workspace plan cap hit. The Billing panel surfaces an upgrade CTA.",
    "not_found": "Resource id does not exist or is invisible to this caller.",
    "unsupported_action": (
        "Method not allowed (e.g. POST /api/cloud/runs without the e2e fixture flag)."
    ),
}

E2E_ROUTES = {
    "/api/cloud/runs": "POST, which the page names under unsupported_action",
    "/api/e2e/cli-sync": "the synthetic endpoint the test suite hits to seed runs",
}
"""Named on the page outside its tables; without a method but for the first."""

SOURCE_OF_TRUTH = ("GET /openapi.json", "GET /docs")

LATER_LIST = """
GET    /
GET    /api/api-keys
POST   /api/api-keys
DELETE /api/api-keys/{api_key_id}
POST   /api/api-keys/{api_key_id}/rotate
GET    /api/artifacts/{artifact_id}
GET    /api/audit/logs
POST   /api/billing/checkout
POST   /api/billing/portal
POST   /api/billing/webhook
GET    /api/claims
GET    /api/claims/{claim_id}
GET    /api/me
PATCH  /api/me
POST   /api/me/delete
POST   /api/me/delete/cancel
GET    /api/me/export
POST   /api/me/object
POST   /api/me/restrict
GET    /api/museum
GET    /api/projects
POST   /api/projects
DELETE /api/projects/{project_id}
"""
"""Sorted by path, then method, and complete up to `/api/p`; the rest was not seen."""

LATER_PATHS = (
    *("/healthz", "/health", "/health/db", "/health/r2"),
    *("/api/status", "/api/status/operational"),
    *("/api/workspaces", "/api/workspaces/{workspace_id}", "/api/projects/{project_id}"),
    *("/api/sync/runs", "/api/sync/ledger-head", "/api/runs", "/api/runs/{run_id}"),
    *("/api/shares", "/api/public/shares/{token}"),
)
"""Paths that the later page's table of families quotes, without methods."""

LATER_WORDS = {"/api/usage": ("reserve", "commit", "revert")}
"""Rows of that table that quote words instead of paths: the family's parent, and its words."""


def later_list() -> list[tuple[str, str]]:
    """Return method and path of every line of the later list."""
    return [(line.split()[0], line.split()[1]) for line in LATER_LIST.split("\n") if line]
