"""Ready message of `serve`: the URL, how to sign in, and the environment of a client."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from emulator.cli.env import shell_lines
from emulator.cli.server_options import DEFAULT_URL, PROGRAM

if TYPE_CHECKING:
    from emulator.registry.registry import WorldRegistry

_SHOWN = 5
"""How many accounts and keys the text lists."""

Pairs = Sequence[tuple[str, str]]


def print_ready(worlds: WorldRegistry, *, address: str, port: int, as_json: bool) -> None:
    """Print that the server accepts requests, as text or as one line of JSON."""
    from emulator.registry.environment import variables_of
    from emulator.webhooks.dispatcher import signing_secret
    from emulator.world.billing import webhook_endpoints
    from emulator.world.core.world import DEFAULT

    settings = worlds.settings
    logins, keys = worlds.planted.logins, worlds.planted.keys
    listening = f"http://{f'[{address}]' if ':' in address else address}:{port}"
    variables = variables_of(worlds.get(DEFAULT), settings)
    endpoints = [
        (endpoint.url, signing_secret(endpoint, settings))
        for endpoint in webhook_endpoints.endpoints(worlds.default())
    ]
    if as_json:
        ready = {
            "ready": True,
            "url": settings.public_url,
            "listening": listening,
            "instance": settings.instance,
            "logins": [{"email": email, "password": password} for email, password in logins],
            "api_keys": [{"workspace": slug, "secret": secret} for slug, secret in keys],
            "webhooks": [{"url": url, "secret": secret} for url, secret in endpoints],
            "env": variables,
        }
        lines = [json.dumps(ready)]
    else:
        url = settings.public_url
        # Tools wait for this line: do not change it, and do not color it.
        lines = [f"worldflux-emulator ready on {url}"]
        if not _points_to(url, address, port):
            lines.append(f"listening on {listening}")
            is_any = ip_address(address).is_unspecified
            url = f"http://localhost:{port}" if is_any else listening
        lines += [*_sign_in_lines(logins, keys), *_webhook_lines(endpoints)]
        lines += _environment_lines(variables, url)
    click.echo("\n".join(lines))
    sys.stdout.flush()


def _points_to(url: str, address: str, port: int) -> bool:
    """Return whether a URL names an address and port of this machine, without a look-up."""
    from emulator.wire.http.origins import is_loopback_host

    parts = urlsplit(url)
    name = parts.hostname or ""
    try:
        is_port = parts.port == port
    except ValueError:  # not a number, or above 65535
        return False
    is_here = is_loopback_host(address) or ip_address(address).is_unspecified
    return is_port and (name == address or (is_here and is_loopback_host(name)))


def _sign_in_lines(logins: Pairs, keys: Pairs) -> list[str]:
    lines = ["", "Sign in (e-mail, password):", *_pair_lines(logins[:_SHOWN])]
    if not logins:
        lines.append("  no users yet; sign up with POST /api/auth/signup")
    if len(logins) > _SHOWN:
        lines.append(f"  … and {len(logins) - _SHOWN} more in the seed")
    if keys:
        lines += ["", "API keys (workspace, key):", *_pair_lines(keys[:_SHOWN])]
    return lines


def _webhook_lines(endpoints: Pairs) -> list[str]:
    if not endpoints:
        return []
    return ["", "Webhooks (URL, signing secret):", *_pair_lines(endpoints)]


def _environment_lines(variables: Mapping[str, str], url: str) -> list[str]:
    command = f"{PROGRAM} env" if url == DEFAULT_URL else f"{PROGRAM} env --url {url}"
    head = f"Environment for a dashboard or the CLI (`{command}` prints it again):"
    return ["", head, *(f"  {line}" for line in shell_lines(variables))]


def _pair_lines(pairs: Pairs) -> list[str]:
    return [f"  {first}  {second}" for first, second in pairs]
