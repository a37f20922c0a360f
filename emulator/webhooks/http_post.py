"""HTTP POST of a webhook: HTTP/1.1, no redirects, no reuse, and only the status is read.

It uses asyncio's own streams: an HTTP client would take longer to import than the server to start,
for thirty lines of code.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_STATUS_LINE_MAX = 4096
_REST_MAX = 16 * 1024
"""Bytes of a response that are read after its status. An endpoint may send without end."""


class PostError(Exception):
    """No response came back; the message says why."""


class PostTimeoutError(PostError):
    """No response came back in time."""


async def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float) -> int:
    """Send a body and return the status of the response. Raises PostError."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _post(url, body, headers)
    except TimeoutError:
        raise PostTimeoutError(f"no answer within {timeout_seconds:g} seconds") from None
    except (OSError, ValueError, IndexError) as error:
        raise PostError(str(error) or type(error).__name__) from error


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    context = ssl.create_default_context() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        parts.hostname, port, ssl=context, limit=_STATUS_LINE_MAX
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        status_line = await reader.readline()
        if not status_line.startswith(b"HTTP/"):
            raise ValueError("the response is not HTTP")
        status = int(status_line.split(b" ", 2)[1])
        # Part of the rest is read so that the other side can finish sending.
        left = _REST_MAX
        while left > 0 and (part := await reader.read(left)):
            left -= len(part)
        return status
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
