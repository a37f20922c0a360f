"""Response of GoTrue: JSON that no cache stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from emulator.wire.gotrue.session_cookie import NO_STORE


def reply(view: Any, *, headers: Mapping[str, str] = NO_STORE) -> Response:
    """Return a response with a view as its body."""
    return Response(orjson.dumps(view), media_type="application/json", headers=headers)
