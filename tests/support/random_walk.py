"""A seeded random walk over every surface and operation: good calls, bad ones, and nonsense.

`python -m tests.support.random_walk SEED STEPS` prints a line a step: the call, the status, the
state and a hash of the response, so that two processes can be compared.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from tests.support import billing_walk, fixture_seed
from tests.support.checked_client import Emulator, LawfulClient

Step = Callable[["Walk"], httpx2.Response]

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
TASKS = ("generate", "rollout", "eval", "train")
MOMENTS = ("2025-12-30T00:00:00Z", "2025-12-31T12:00:00+02:00", "2026-01-01T00:00:00Z", "soon")
PEOPLE = ("ada", "bo", "cy", "dee")


class Walk:
    """One walk: its dice, its clients, and what it has come across."""

    def __init__(self, emulator: Emulator, seed: int, *, steps: tuple[Step, ...] = ()) -> None:
        """Walk by `steps`; default: all there are."""
        self.emulator = emulator
        self.steps = steps or STEPS
        self.dice = random.Random(seed)
        self.clients = [emulator.client() for _ in range(4)]
        self.names = [f"w{seed}-{place}" for place in range(6)]
        self.found: dict[str, list[str]] = {
            "workspace": [fixture_seed.LAB, fixture_seed.AWAY, fixture_seed.NOBODY],
            "project": [fixture_seed.ALPHA, fixture_seed.BETA, fixture_seed.AWAY_PROJECT, "none"],
            "run": [fixture_seed.DONE, fixture_seed.GOING, fixture_seed.AWAY_RUN, "none"],
            "key": [fixture_seed.LIVE_KEY, fixture_seed.REVOKED_KEY, fixture_seed.AWAY_KEY, "none"],
            "share": [
                fixture_seed.LIVE_SHARE,
                fixture_seed.REVOKED_SHARE,
                fixture_seed.AWAY_SHARE,
                "none",
            ],
            "token": ["share-live-token", "share-gone-token", "none"],
            "cursor": ["broken"],
            "bearer": [
                fixture_seed.SECRET,
                fixture_seed.BRIEF_SECRET,
                fixture_seed.AWAY_SECRET,
                "wbx_none",
                "none",
            ],
            "refresh": ["abcdefghijkl"],
            "checkout": ["/stripe/checkout/cs_test_none"],
            "portal": ["/stripe/portal/bps_none"],
        }

    def run(self, steps: int) -> list[str]:
        """Take that many steps and return a line each."""
        return [self.step() for _ in range(steps)]

    def step(self) -> str:
        """Take one step."""
        answer = self.dice.choice(self.steps)(self)
        self.remember(answer)
        request = answer.request
        digest = blake2b(answer.content, digest_size=8)
        for name, value in sorted(answer.headers.multi_items()):
            digest.update(f"{name}:{value}\n".encode())
        state = answer.headers["x-emulator-state"]
        line = f"{request.method} {request.url.raw_path.decode()} {answer.status_code}"
        return f"{line} {state} {digest.hexdigest()}"

    def remember(self, answer: httpx2.Response) -> None:
        """Keep the ids and credentials that an answer showed, for later steps."""
        is_json = answer.headers.get("content-type") == "application/json"
        if answer.status_code >= 400 or not is_json or not answer.content:
            return
        body = answer.json()
        path = answer.request.url.path
        for member, kind in (
            ("next_cursor", "cursor"),
            ("secret", "bearer"),
            ("access_token", "bearer"),
            ("refresh_token", "refresh"),
            ("token", "token"),
        ):
            if isinstance(body.get(member), str):
                self.found[kind].append(body[member])
        if (page := billing_walk.page_in(answer)) is not None:
            self.found[page[0]].append(page[1])
        kinds = {"runs": "run", "projects": "project", "api-keys": "key", "shares": "share"}
        for part, kind in {**kinds, "workspaces": "workspace", "sample": "run"}.items():
            if f"/{part}" in path and isinstance(body.get("id"), str):
                self.found[kind].append(body["id"])

    # What steps are made of

    def client(self) -> LawfulClient:
        """Return one of the walk's clients: each is a browser with cookies of its own."""
        return self.dice.choice(self.clients)

    def one(self, kind: str) -> str:
        """Return something that was found, the last ones more often."""
        known = self.found[kind]
        return self.dice.choice([*known, *known[-3:]])

    def auth(self) -> dict[str, str]:
        """Return headers that call as somebody, mostly."""
        headers = {"Authorization": f"Bearer {self.one('bearer')}"}
        if self.dice.random() < 0.2:
            headers["X-Workspace-Id"] = self.one("workspace")
        return headers

    def run_body(self) -> dict[str, Any]:
        """Return what is said of a run, not always to the point."""
        dice = self.dice
        said: dict[str, Any] = {
            "name": dice.choice(self.names),
            "adapter_id": "openpi",
            "task": dice.choice(TASKS[: dice.choice((3, 3, 3, 4))]),
            "status": dice.choice(STATUSES),
            "metrics": {"loss": dice.choice((1, 0.5, -3))},
        }
        for member, value in (
            ("project_id", self.one("project")),
            ("started_at", dice.choice(MOMENTS)),
            ("finished_at", dice.choice(MOMENTS)),
            ("unknown", 1),
        ):
            if dice.random() < 0.15:
                said[member] = value
        return said

    def get(self, path: str, **params: str) -> httpx2.Response:
        """Read upstream as somebody."""
        return self.client().get(path, headers=self.auth(), params=params)

    def send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Write upstream as somebody."""
        return self.client().request(method, path, headers=self.auth(), json=body)

    def bff(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Call the BFF with whatever session the browser has."""
        headers = {"X-Workspace-Id": self.one("workspace")} if self.dice.random() < 0.1 else {}
        return self.client().request(method, path, headers=headers, json=body)

    def login(self, path: str) -> httpx2.Response:
        """Sign somebody in, now and then with a wrong password."""
        name = self.dice.choice(PEOPLE)
        email = self.emulator.worlds.planted.logins[PEOPLE.index(name)][0]
        password = f"{name}-password" if self.dice.random() < 0.9 else "wrong"
        return self.client().post(path, json={"email": email, "password": password})

    def batch(self) -> dict[str, Any]:
        """Return a batch of runs for cli-sync."""
        runs = []
        for _ in range(self.dice.randint(0, 3)):
            run = {"client_run_id": self.dice.choice(self.names)}
            if self.dice.random() < 0.5:
                run["status"] = self.dice.choice(STATUSES)
            runs.append(run)
        return {"workspace": self.dice.choice(("lab", "lab", "away", "none")), "runs": runs}


PATHS = ("/api/runs", "/api/me", "/api/cloud/me", "/api/runs/x", "/auth/v1/user", "/healthz")
LISTS = ("runs", "projects", "api-keys", "shares", "workspaces")

STEPS: tuple[Step, ...] = (
    *((lambda walk: walk.login("/api/auth/login")),) * 3,
    *((lambda walk: walk.login("/auth/v1/token?grant_type=password")),) * 3,
    lambda walk: walk.bff("GET", "/api/auth/session"),
    lambda walk: walk.bff("POST", "/api/auth/reset-password", {"email": "x@y.z"}),
    lambda walk: walk.bff(
        "POST",
        "/api/auth/signup",
        {"email": f"{walk.dice.choice(walk.names)}@x.y", "password": "password"},
    ),
    lambda walk: walk.client().post(
        "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": walk.one("refresh")}
    ),
    lambda walk: walk.get("/auth/v1/user"),
    lambda walk: walk.send("POST", f"/auth/v1/logout?scope={walk.dice.choice(('local', 'odd'))}"),
    lambda walk: (
        walk.bff("POST", "/api/auth/logout")
        if walk.dice.random() < 0.3
        else (walk.bff("GET", "/api/cloud/me"))
    ),
    lambda walk: walk.bff("GET", f"/api/cloud/{walk.dice.choice(('runs', 'projects', 'me'))}"),
    lambda walk: walk.bff("GET", "/api/cloud/workspaces"),
    lambda walk: walk.bff("PATCH", "/api/cloud/me", {"name": walk.dice.choice(walk.names)}),
    lambda walk: walk.bff("POST", "/api/cloud/me", {"action": "export"}),
    lambda walk: walk.bff("POST", "/api/cloud/workspaces", {"name": walk.dice.choice(walk.names)}),
    lambda walk: walk.bff("POST", "/api/cloud/projects", {"name": walk.dice.choice(walk.names)}),
    lambda walk: walk.bff("POST", "/api/cloud/runs", walk.run_body()),
    lambda walk: walk.bff("POST", "/api/cloud/sample-run"),
    lambda walk: walk.bff("POST", "/api/cloud/api-keys", {"name": "k"}),
    lambda walk: walk.bff(
        "POST", "/api/cloud/shares", {"action": "create", "run_id": walk.one("run")}
    ),
    lambda walk: walk.bff(
        "POST", "/api/cloud/shares", {"action": "revoke", "share_id": walk.one("share")}
    ),
    lambda walk: walk.bff("POST", "/api/cloud/billing/checkout", {}),
    *billing_walk.STEPS,
    lambda walk: walk.bff("DELETE", "/api/cloud/runs"),
    lambda walk: walk.client().get(f"/api/public/r/{walk.one('token')}"),
    lambda walk: walk.client().get(f"/api/public/shares/{walk.one('token')}"),
    *((lambda walk: walk.client().post("/api/e2e/cli-sync", json=walk.batch())),) * 3,
    lambda walk: walk.get(f"/api/{walk.dice.choice(LISTS)}", limit=walk.dice.choice("0123")),
    lambda walk: walk.get(f"/api/{walk.dice.choice(LISTS)}", limit="2", cursor=walk.one("cursor")),
    lambda walk: walk.get("/api/runs", status=walk.dice.choice(STATUSES)),
    lambda walk: walk.get("/api/runs", project_id=walk.one("project")),
    lambda walk: walk.get("/api/me"),
    lambda walk: walk.get(
        f"/api/runs/{walk.one('run')}{walk.dice.choice(('', '/manifest', '/metrics', '/log'))}"
    ),
    lambda walk: walk.get(f"/api/projects/{walk.one('project')}"),
    lambda walk: walk.get(f"/api/workspaces/{walk.one('workspace')}"),
    lambda walk: walk.get("/api/museum"),
    lambda walk: walk.send("PATCH", "/api/me", {"analytics_opt_in": walk.dice.random() < 0.5}),
    lambda walk: walk.send("POST", "/api/workspaces", {"name": walk.dice.choice(walk.names)}),
    lambda walk: walk.send("POST", "/api/projects", {"name": walk.dice.choice(walk.names)}),
    lambda walk: walk.send("DELETE", f"/api/projects/{walk.one('project')}"),
    *((lambda walk: walk.send("POST", "/api/runs", walk.run_body())),) * 2,
    *(
        (
            lambda walk: walk.send(
                "POST",
                "/api/sync/runs",
                {**walk.run_body(), "client_run_id": walk.dice.choice(walk.names)},
            )
        ),
    )
    * 3,
    lambda walk: walk.send("DELETE", f"/api/runs/{walk.one('run')}"),
    lambda walk: walk.send("POST", "/api/api-keys", {"name": "k", "expires_at": MOMENTS[2]}),
    lambda walk: walk.send("POST", "/api/api-keys", {"name": "k"}),
    lambda walk: walk.send("POST", f"/api/api-keys/{walk.one('key')}/rotate"),
    lambda walk: walk.send("DELETE", f"/api/api-keys/{walk.one('key')}"),
    lambda walk: walk.send("POST", "/api/shares", {"run_id": walk.one("run"), "ttl_seconds": 60}),
    lambda walk: walk.send("POST", f"/api/shares/{walk.one('share')}/revoke"),
    lambda walk: walk.client().post(
        "/_emulator/clock/advance", json={"seconds": walk.dice.choice((-1, 0.5, 30, 3600))}
    ),
    lambda walk: walk.client().get(f"/_emulator/{walk.dice.choice(('health', 'state', 'clock'))}"),
    lambda walk: walk.client().head("/healthz"),
    lambda walk: walk.client().options(walk.dice.choice(PATHS)),
    lambda walk: walk.client().put("/nothing", content=b"{"),
    lambda walk: walk.client().post(
        "/api/e2e/cli-sync", content=b"{", headers={"Content-Type": "application/json"}
    ),
)


def main() -> None:
    """Walk and print."""
    seed, steps = (int(argument) for argument in sys.argv[1:])
    with TemporaryDirectory() as folder:
        lines = Walk(fixture_seed.stage(Path(folder)), seed).run(steps)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
