"""One script of some hundred steps through every surface, for the gate: alone and in 50 worlds.

Only what has no credential yet says which world it means: the browser by a cookie, a test suite by
a header. The CLI has nothing but its key, the server's own fetch nothing but tokens, a stranger
nothing but a link. Billing is in `paying.py`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2

from tests.support.billing_scenario import Paying
from tests.support.transcripts import Own, Transcript
from tests.support.webhook_receiver import Receiver

MARA = {"email": "mara@example.com", "password": "demo-password"}
JONAS = {"email": "jonas@example.com", "password": "demo-password"}
ADA = {"email": "ada@example.com", "password": "a-long-password"}
WORKSPACE = "b0000000-0000-4000-8000-000000000001"


class Script:
    """The clients of one world: a browser, a CLI, a server, a suite, a stranger, a consumer."""

    def __init__(self, origin: str, world: str, keys: dict[str, Any]) -> None:
        """Play in `world`; `keys` is control's view of it."""
        is_named = world != "default"
        self.world = world
        self.lines: list[str] = []
        self._open = ExitStack()
        self._receiver = self._open.enter_context(Receiver())
        self._own = Own(world, {"origin": origin, "receiver": self._receiver.origin})
        named = {"X-Emulator-World": world} if is_named else {}
        self.browser = self._as(cookies={"emulator_world": world} if is_named else {})
        self.suite = self._as(headers=named)
        secret = keys["api_keys"][0]["secret"]
        self.cli = self._as(headers={"Authorization": f"Bearer {secret}"})
        self.server = self._as(headers={"apikey": keys["anon_key"]})
        self.admin = self._as(headers={"Authorization": f"Bearer {keys['service_role_key']}"})
        self.stranger = self._as()

    def _as(self, **options: Any) -> Transcript:
        # Nothing is called by TLS, and to read the machine's certificates takes 25 ms a client.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client = httpx2.Client(timeout=120, trust_env=False, verify=context, **options)
        self._open.enter_context(client)
        return Transcript(client, self._own, self.lines)

    def close(self) -> None:
        """Hang up."""
        self._open.close()

    def steps(self) -> Iterator[None]:
        """Play, suspended now and then, so that scripts can be interleaved."""
        for part in (
            self.sign_in,
            self.dashboard,
            self.seed_runs,
            self.command_line,
            self.share,
            self.supabase,
            self.mails,
            self.accounts,
            self.billing,
            self.time,
            self.end,
        ):
            yield from part()

    def sign_in(self) -> Iterator[None]:
        """The dashboard's session flow."""
        say = self.browser.call
        say("GET", "/api/auth/session")
        say("POST", "/api/auth/login", json={**MARA, "password": "wrong"})
        yield
        say("POST", "/api/auth/login", json={"email": "mara@example.com"})
        say("POST", "/api/auth/login", json=MARA)
        yield
        say("GET", "/api/auth/session")
        say("OPTIONS", "/api/auth/session")
        say("PUT", "/api/auth/session")

    def dashboard(self) -> Iterator[None]:
        """What the dashboard's pages ask for."""
        say = self.browser.call
        say("GET", "/api/cloud/me")
        say("HEAD", "/api/cloud/me")
        say("PATCH", "/api/cloud/me", json={"analytics_opt_in": True})
        say("PATCH", "/api/cloud/me", json={"analytics_opt_in": "perhaps"})
        yield
        say("GET", "/api/cloud/workspaces")
        say("POST", "/api/cloud/workspaces", json={"name": "Second lab"})
        say("GET", "/api/cloud/projects")
        say("POST", "/api/cloud/projects", json={"name": "Grippers"})
        say("POST", "/api/cloud/projects", json={"name": "Grippers"})
        yield
        for name in ("alpha", "beta", "gamma"):
            run = {"name": name, "adapter_id": "openpi", "task": "eval"}
            say("POST", "/api/cloud/runs", json=run)
            yield
        say("POST", "/api/cloud/runs", json={"name": "no task"})
        say("POST", "/api/cloud/sample-run")
        say("GET", "/api/cloud/runs?limit=4")
        say("GET", "/api/cloud/runs?limit=4&status=queued")
        say("GET", "/api/cloud/runs?limit=0")
        yield
        key = say("POST", "/api/cloud/api-keys", json={"name": "laptop"}).json()
        secret = {"Authorization": f"Bearer {key['secret']}"}
        self.stranger.call("GET", "/api/me", headers=secret)
        say("POST", "/api/cloud/me", json={"action": "restrict", "restricted": True})
        say("POST", "/api/cloud/projects", json={"name": "Not now"})
        say("POST", "/api/cloud/me", json={"action": "restrict", "restricted": False})
        say("POST", "/api/cloud/me", json={"action": "wave"})
        say("GET", "/api/cloud/nowhere")

    def seed_runs(self) -> Iterator[None]:
        """A test suite seeds through cli-sync."""
        say, path = self.suite.call, "/api/e2e/cli-sync"
        runs = [
            {"client_run_id": f"seeded-{place}", "metrics": {"success_rate": place / 20}}
            for place in range(20)
        ]
        say("POST", path, json={"workspace": "tabletop-robotics", "runs": runs})
        yield
        say("POST", path, json={"workspace": "tabletop-robotics", "runs": runs[:3]})
        say("POST", path, json={"client_run_id": "one", "status": "running"})
        say("POST", path, json={"client_run_id": "one", "status": "failed"})
        say("POST", path, json={"runs": [runs[0], runs[0]]})
        yield
        say("POST", path, json={"workspace": "nowhere", "runs": runs})
        say("POST", path, content=b"{", headers={"Content-Type": "application/json"})

    def command_line(self) -> Iterator[None]:
        """The CLI, which has nothing but its key."""
        say = self.cli.call
        say("GET", "/healthz")
        say("GET", "/api/me")
        say("GET", "/api/workspaces")
        yield
        page = say("GET", "/api/runs?limit=6").json()
        say("GET", f"/api/runs?limit=6&cursor={page['next_cursor']}")
        say("GET", "/api/runs?cursor=broken")
        yield
        for run in page["items"][:3]:
            for part in ("", "/log", "/manifest", "/metrics"):
                say("GET", f"/api/runs/{run['id']}{part}")
            yield
        upload = {"client_run_id": "cli-1", "adapter_id": "smolvla", "task": "rollout"}
        say("POST", "/api/sync/runs", json=upload)
        say("POST", "/api/sync/runs", json=upload)
        run = say("POST", "/api/sync/runs", json={**upload, "status": "succeeded"}).json()
        yield
        say("POST", "/api/sync/runs", json={**upload, "status": "failed"})
        say("DELETE", f"/api/runs/{run['id']}")
        say("GET", f"/api/runs/{run['id']}")
        say("GET", "/api/museum")
        say("GET", "/api/api-keys")
        say("GET", "/api/audit/logs?limit=5")

    def share(self) -> Iterator[None]:
        """A run is published, seen by a stranger, and taken back."""
        say, see = self.browser.call, self.stranger.call
        run = say("GET", "/api/cloud/runs?limit=1").json()["items"][0]
        body = {"action": "create", "run_id": run["id"], "ttl_seconds": 3600}
        share = say("POST", "/api/cloud/shares", json=body).json()
        yield
        see("GET", share["url"])
        see("GET", f"/api/public/shares/{share['token']}")
        see("GET", f"/api/public/r/x{share['token']}")
        say("POST", "/api/cloud/shares", json={"action": "revoke", "share_id": share["id"]})
        yield
        see("GET", share["url"])

    def supabase(self) -> Iterator[None]:
        """The server's own fetch, which carries the anon key and tokens alone."""
        say = self.server.call
        say("GET", "/auth/v1/settings")
        say("GET", "/auth/v1/.well-known/jwks.json")
        token = "/auth/v1/token?grant_type="
        say("POST", f"{token}password", json={**JONAS, "password": "wrong"})
        first = say("POST", f"{token}password", json=JONAS).json()
        yield
        bearer = {"Authorization": f"Bearer {first['access_token']}"}
        say("GET", "/auth/v1/user", headers=bearer)
        say("PUT", "/auth/v1/user", headers=bearer, json={"data": {"theme": "dark"}})
        say("GET", "/api/runs?limit=2", headers={**bearer, "X-Workspace-Id": WORKSPACE})
        yield
        tokens = [first["refresh_token"]]
        for _ in range(3):
            # Alone with the default world's anon key, a refresh token finds its world.
            renewed = self.stranger.call(
                "POST", f"{token}refresh_token", json={"refresh_token": tokens[-1]}
            )
            tokens.append(renewed.json()["refresh_token"])
            yield
        self.stranger.call("POST", f"{token}refresh_token", json={"refresh_token": tokens[0]})
        say("POST", f"{token}refresh_token", json={"refresh_token": tokens[-1]})
        say("POST", "/auth/v1/logout?scope=global", headers=bearer)
        say("GET", "/auth/v1/user", headers=bearer)
        say("GET", "/auth/v1/user")

    def mails(self) -> Iterator[None]:
        """Links that are mailed and followed by someone who knows no world."""
        self.server.call("POST", "/auth/v1/recover", json={"email": JONAS["email"]})
        self.browser.call("POST", "/api/auth/reset-password", json={"email": JONAS["email"]})
        yield
        mail = self.suite.call("GET", "/_emulator/mail?kind=reset&limit=2").json()["items"]
        self.stranger.call("GET", mail[0]["link"])
        self.stranger.call("GET", mail[0]["link"])
        yield
        challenge = {"code_challenge": "a" * 43, "code_challenge_method": "plain"}
        self.server.call("POST", "/auth/v1/otp", json={"email": MARA["email"], **challenge})
        mail = self.suite.call("GET", "/_emulator/mail?kind=magic_link").json()["items"]
        where = self.stranger.call("GET", mail[0]["link"]).headers["location"]
        proof = {"auth_code": httpx2.URL(where).params["code"], "code_verifier": "a" * 43}
        self.stranger.call("POST", "/auth/v1/token?grant_type=pkce", json=proof)
        self.stranger.call("POST", "/auth/v1/token?grant_type=pkce", json=proof)

    def accounts(self) -> Iterator[None]:
        """Accounts made by hand, by the admin API, and gone again."""
        say = self.admin.call
        self.server.call("POST", "/auth/v1/signup", json=ADA)
        self.server.call("POST", "/auth/v1/signup", json=ADA)
        self.server.call("POST", "/auth/v1/signup", json={**ADA, "password": "no"})
        yield
        user = say("POST", "/auth/v1/admin/users", json={"email": "bo@example.com"}).json()
        say("GET", f"/auth/v1/admin/users/{user['id']}")
        say("PUT", f"/auth/v1/admin/users/{user['id']}", json={"email_confirm": True})
        link = {"type": "magiclink", "email": "bo@example.com"}
        made = say("POST", "/auth/v1/admin/generate_link", json=link).json()
        yield
        hashed = {"type": "magiclink", "token_hash": made["hashed_token"]}
        self.stranger.call("POST", "/auth/v1/verify", json=hashed)
        self.stranger.call("POST", "/auth/v1/verify", json=hashed)
        say("DELETE", f"/auth/v1/admin/users/{user['id']}")
        say("GET", "/auth/v1/admin/users?per_page=2")
        self.server.call("GET", "/auth/v1/admin/users")

    def billing(self) -> Iterator[None]:
        """Money, and news of it to a consumer of webhooks."""
        return Paying(self.browser, self.suite, self.stranger, self._receiver).steps()

    def time(self) -> Iterator[None]:
        """Time passes in this world alone."""
        say = self.suite.call
        self.browser.call("POST", "/api/cloud/me", json={"action": "export"})
        say("POST", "/_emulator/clock/advance", json={"duration": "P1D"})
        ready = self.browser.call("POST", "/api/cloud/me", json={"action": "export"}).json()
        yield
        self.stranger.call("GET", ready["url"])
        say("POST", "/_emulator/faults", json={"match": {"times": 1}, "then": {"status": 503}})
        self.cli.call("GET", "/api/me")
        self.cli.call("GET", "/api/me")
        self.cli.call("GET", "/api/me", headers={"Prefer": "code=429"})
        say("GET", "/_emulator/state")

    def end(self) -> Iterator[None]:
        """Everyone signs out."""
        self.browser.call("POST", "/api/auth/logout")
        self.browser.call("GET", "/api/cloud/me")
        self.browser.call("POST", "/api/auth/logout")
        yield
