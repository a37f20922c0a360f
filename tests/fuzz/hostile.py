"""What hostile clients send where a request has room for it: targets, headers, known values."""

from __future__ import annotations

from tests.support import fixture_seed

HOSTILE_SEGMENTS = (
    *(
        "",
        ".",
        "..",
        "%2e%2e",
        "%2F",
        "a%2Fb",
        "%00",
        "%ff",
        "%c3%28",
        "%zz",
        "%",
        "%25",
        "%20",
        "+",
    ),
    *("x" * 300, "9" * 5_000, "-1", "0", "1e5", "null", "%F0%9F%98%80", "~", "x~", "x~nosuch", "*"),
    *("x~default", "%0d%0aX-Evil:1", ";a=b", ":", "@", "eyJhbGciOiJIUzI1NiJ9.e30.x", "wbx_none"),
)
HOSTILE_QUERIES = (
    *("", "&&&", "=", "=x", "a", "a=b=c", "limit=%", "limit=%zz", "limit=%ff%fe", "x=%00", "+=+"),
    *("limit=" + "9" * 5_000, "page=" + "1" * 5_000, "since=" + "1" * 5_000, "x=" + "y" * 20_000),
    *("&".join(["a=1"] * 2_000), "limit=1&limit=2", "wait=60", "wait=1e9", "path=*a*a*a*a*a*b"),
    *(
        "cursor=" + "A" * 2_000,
        "cursor=W10",
        "cursor=bnVsbA",
        "code=x&state=y",
        "%5B%5D=1",
        "a[]=1",
    ),
)
HOSTILE_WORLDS = (
    *("", " ", "..", "W1", "x" * 41, "a b", "é", "default,default", "w1~", "-", "%2e", "w3", "w4"),
)
STRAY_TARGETS = (
    *("*", "/", "//", "/favicon.ico", "/docs", "/openapi.json", "/robots.txt", "/api", "/api/"),
    *(
        "/v1/customers",
        "/v1/checkout/sessions",
        "/rest/v1/runs",
        "/storage/v1/object/x",
        "/x" * 500,
    ),
    *(
        "/functions/v1/f",
        "/realtime/v1/websocket",
        "/auth/v1",
        "/auth/v1/",
        "/_emulator",
        "/stripe/",
    ),
    *("/_emulator/", "/_w/", "/_w/w1", "/_w/w1/_w/w2/api/me", "/_w//api/me", "/API/me", "/api//me"),
    *("/api/me/", "/api/cloud/me/", "/auth/v1/user/", "/api/me;x", "/api/me%2f", "/%2e%2e/api/me"),
    *("/stripe/checkout/", "/api/public/r/", "/exports/", "/%61pi/me", "/api/me%00"),
)
METHODS = (
    *("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY"),
    *("PROPFIND", "BREW", "get", "G" * 300),
)
TYPES = (
    *("application/json", "application/json; charset=utf-16", "application/vnd.api+json"),
    *("text/plain", "text/plain;charset=UTF-8", "", "application/x-www-form-urlencoded"),
    *(
        "multipart/form-data; boundary=x",
        "application/xml",
        "APPLICATION/JSON",
        "json",
        "a" * 5_000,
    ),
)
HOSTS = (
    *("localhost:8787", "127.0.0.1:8787", "[::1]:8787", "evil.example", "evil.example@localhost"),
    *("localhost/evil", "localhost?x", "localhost:abc", "", "localhost.evil.example", "é", "[::1"),
)
ORIGINS = (
    *("http://localhost:3000", "http://127.0.0.1:5173", "null", "https://evil.example", ""),
    *("http://localhost.evil.example", "http://localhost:99999999", "file://"),
)
ODD_HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("prefer", ("code=429", "code=503", 'code="418"', "code=999", "return=minimal", "code=")),
    ("x-supabase-api-version", ("2024-01-01", "2099-12-31", "soon", "2024-13-45", "٢٠٢٤-01-01")),
    ("x-workspace-id", (fixture_seed.LAB, fixture_seed.AWAY, "lab", "none", "é", "")),
    ("accept", ("*/*", "text/html", "application/xml", "q=")),
    ("user-agent", ("curl/8", "", "é" * 300, "x" * 9_000)),
    ("stripe-signature", ("t=1,v1=00", "t=x,v1=", "v1=" + "0" * 64, "t=" + "9" * 400, "")),
    ("if-none-match", ("*", '"x"')),
    ("sec-fetch-site", ("same-origin", "cross-site", "same-site", "none", "odd")),
    ("sec-fetch-mode", ("navigate", "no-cors", "cors")),
    ("sec-fetch-dest", ("document", "image", "empty")),
    ("access-control-request-method", ("POST", "DELETE", "BREW")),
    ("access-control-request-headers", ("authorization", "x" * 500)),
    ("access-control-request-private-network", ("true",)),
    ("referer", ("http://localhost:3000/x?code=1", "http://[x/", "javascript:1")),
    ("content-length", ("0", "5", "-1", "x")),
    ("expect", ("100-continue",)),
    ("range", ("bytes=0-1",)),
    ("x-forwarded-host", ("evil.example",)),
    ("x-big", ("z" * 70_000,)),
)
URLS = (
    *("http://localhost:3000/done", "http://localhost:9/hook", "https://localhost/x", "http://[x/"),
    *("http://localhost:3000/?s={CHECKOUT_SESSION_ID}", "http://a℀b/", "http://evil.example/hook"),
    *("http://localhost:3000/\u0001", "http://localhost:3000/€", "http://localhost:99999/", "x"),
    *(
        "javascript:alert(1)",
        "http://user:pw@localhost/",
        "HTTP://LOCALHOST/",
        "http://localhost:0/",
    ),
)
SEEDS = (
    *("demo", "empty", "trialing", "quota-edge", "past-due", "nosuch", "../demo", "/etc/passwd"),
    *(
        "x" * 300,
        "demo\u0000",
        "seed:demo",
        "world:default",
        "snapshot:s1",
        "w1",
        "é.yaml",
        "/",
        ".",
    ),
)
CARDS = (
    *("4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155", "4000 0027 6000 3184"),
    *("4000 0000 0000 0341", "4000 0000 0000 9995", "1234", "4" * 400, "４２４２"),
)
SPANS = ("P1D", "P1M", "P30D", "PT1H", "P1Y", "P15D", "P3D", "-P1D", "P10Y", "P1000Y", "PT0S", "P")

FOUND = {
    **{"email": "email", "refresh_token": "refresh_token", "token_hash": "token_hash"},
    **{"key": "key", "client_run_id": "client_run_id", "run_id": "runs", "share_id": "shares"},
    **{"project": "projects", "project_id": "projects", "workspace": "workspaces"},
    **{"workspace_id": "workspaces", "token": "token_hash", "session_id": "sessions"},
    **{"endpoint": "webhooks", "code": "otp", "otp": "otp", "auth_code": "auth_code"},
}
"""Member → the kind of what was found that it is drawn from."""

KNOWN: tuple[tuple[tuple[str, ...], tuple[object, ...], tuple[object, ...]], ...] = (
    (("url", "success_url", "cancel_url", "return_url", "redirect_to"), URLS[:3], URLS),
    (("seed", "from"), SEEDS[:5], SEEDS),
    (("duration",), SPANS[:7], SPANS),
    (("now",), ("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z"), ("8999-01-01T00:00:00Z",)),
    (("number",), CARDS[:6], CARDS),
    (("expiry",), ("12 / 30",), ("01/20", "99/99", "é")),
    (("cvc",), ("123",), ("", "12345678901234567890")),
    (("action",), ("complete", "complete", "fail", "pay"), ("skip", "", "x")),
    (("plan", "choice"), ("team", "team", "enterprise", "free"), ("team:year", "nosuch")),
    (("interval",), ("month", "year"), ("day", None)),
    (("name",), ("n", "w1", "w2", "w3", "s1", "s2"), ("Ünïcode", "", "x" * 41, "default")),
    (("secret",), ("whsec_0123456789abcdef", None), ("whsec_short", "x")),
    (("kind",), ("customer.created", "invoice.paid"), ("*", "bogus.event")),
    (("status",), ("queued", "running", "succeeded", "failed", None), (429, 503, 418)),
    (("started_at", "finished_at"), (None, None, "2025-12-31T00:00:00Z"), ("soon",)),
    (("sha256",), ("ab" * 32, None), ("AB" * 32, "zz")),
    (("match",), ({"times": 1}, {"operation": "list_runs", "nth": 2}, {"path": "/api/*"}), (1,)),
    (("then",), ({"status": 503}, {"code": "rate_limited"}, {"latency_ms": 1}, {"drop": True}), ()),
    (("operation",), ("list_runs", "GET /api/cloud/me", None), ("nosuch",)),
    (("path",), ("/api/*", "/api/runs/{run_id}", None), ("*a*a*a*a*a*b", "/auth/v1/user")),
    (("surface",), ("bff", "upstream", "supabase", "stripe", None), ("control",)),
    (("latency_ms",), (1,), (60_000,)),
    (("type",), ("recovery", "signup", "magiclink", "email", "invite", "email_change"), ("x",)),
    (("ban_duration",), ("none", "1h"), ("1000000h", "9" * 12 + "h", "é")),
    (("code_challenge_method",), ("s256", "plain"), ("S256", "md5", "")),
    (("code_challenge", "code_verifier"), ("a" * 43,), ("b" * 128, "short", "")),
    (("phone",), (None,), ("+123",)),
    (("role",), (None, "authenticated"), ("service_role",)),
    (("port",), (None,), (0, 65_536, -1)),
    (("id",), (None,), (fixture_seed.NOBODY, "x")),
    (("size_bytes",), (0, 12, 2**31), (2**53, 2**53 + 1, -1)),
)
"""Members → what they are drawn from, what is good and the rest."""

GOTRUE_NEEDS = {
    **{"/signup": ("email", "password"), "/token": ("email", "password"), "/user": ("data",)},
    **{"/recover": ("email",), "/otp": ("email",), "/magiclink": ("email",), "/invite": ("email",)},
    **{"/resend": ("type", "email"), "/verify": ("type", "token_hash"), "/logout": ()},
    **{"/admin/generate_link": ("type", "email"), "/admin/users": ("email", "password")},
    **{"/admin/users/{user_id}": ("user_metadata",)},
}
"""Path below GoTrue's prefix → the members of a body that is in order."""
