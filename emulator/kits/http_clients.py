"""HTTP clients for tests, made of whichever of httpx and httpx2 is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from emulator.kits.lines import InProcess, Line, UnreachableError

if TYPE_CHECKING:
    import httpx

_LIBRARIES = ("httpx", "httpx2")


def library() -> Any:
    """Return the HTTP library, imported on first use. Raises ImportError with the remedy."""
    for name in _LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError("Clients of a world are httpx clients: pip install httpx.")


def make_client(line: Line, headers: Mapping[str, str]) -> httpx.Client:
    """Return a client on a line, with headers of its own. Proxies are not asked."""
    http = library()
    transport = _in_process(http, line) if isinstance(line, InProcess) else None
    client = http.Client(
        base_url=line.url, headers=dict(headers), transport=transport, trust_env=False
    )
    return cast("httpx.Client", client)


def _in_process(http: Any, line: InProcess) -> Any:
    def answer(request: Any) -> Any:
        target = request.url.raw_path.decode("ascii")
        headers = tuple(request.headers.multi_items())
        try:
            reply = line.pass_on(request.method, target, headers=headers, body=request.read())
        except UnreachableError as error:
            raise http.RemoteProtocolError(str(error), request=request) from error
        return http.Response(reply.status, headers=list(reply.headers), content=reply.content)

    return http.MockTransport(answer)
