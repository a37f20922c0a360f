"""`doctor`: whether this machine has what the emulator and its kits need."""

from __future__ import annotations

import json
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import click

from emulator import __version__
from emulator.cli.server_options import PORT
from emulator.client.control_client import ControlClient, ControlError
from emulator.client.transports import HttpTransport, UnreachableError

NODE_AT_LEAST = 20
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and what was found; an error keeps the emulator from working."""

    level: Literal["ok", "warning", "error"]
    what: str
    found: str


@click.command(short_help="Say whether this machine has what is needed.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
def doctor(*, port: int, as_json: bool) -> None:
    """Say whether this machine has what is needed; ends with 1 where an error keeps it back."""
    findings = [_version(), *_python(), _node(), _chromium(), _port(port), *_seeds()]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            click.echo(f"{one.level}: {one.what}: {one.found}")
    if any(one.level == "error" for one in findings):
        sys.exit(1)


def _version() -> Finding:
    return Finding("ok", "emulator", __version__)


def _python() -> Iterator[Finding]:
    yield Finding("ok", "python", platform.python_version())
    try:
        import uvloop  # noqa: F401
    except ImportError:
        yield Finding("warning", "uvloop", "not there; the server is slower")


def _node() -> Finding:
    found = shutil.which("node")
    if found is None:
        return Finding("warning", "node", "not on the PATH; the Playwright kit needs it")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = said.stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < NODE_AT_LEAST:
        return Finding("warning", "node", f"{version or 'broken'}; {NODE_AT_LEAST} is needed")
    return Finding("ok", "node", version)


def _chromium() -> Finding:
    for name in CHROMIUM:
        found = shutil.which(name)
        if found is not None:
            return Finding("ok", "chromium", found)
    remedy = "install it, or run `npx playwright install chromium`"
    return Finding("warning", "chromium", f"not on the PATH; {remedy}")


def _port(port: int) -> Finding:
    what = f"port {port}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _holder(what, port)
    return Finding("ok", what, "free")


def _holder(what: str, port: int) -> Finding:
    try:
        health = ControlClient(HttpTransport(f"http://127.0.0.1:{port}")).get("health")
    except (UnreachableError, ControlError):
        return Finding("error", what, "in use by another program; serve with --port 0")
    return Finding("ok", what, f"worldflux-emulator {health['version']} serves {health['seed']}")


def _seeds() -> Iterator[Finding]:
    from emulator.seeding.files import SeedError, bundled_names, load, plant_file

    if not bundled_names():
        yield Finding("error", "seeds", "none is there; install the package again")
    for name in bundled_names():
        try:
            plant_file(load(name))
        except SeedError as error:
            yield Finding("error", f"seed {name}", str(error))
        else:
            yield Finding("ok", f"seed {name}", "good")
