"""`doctor`: checks this machine for what the emulator and its kits need."""

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
    """The result of one check; an error means that the emulator cannot work."""

    level: Literal["ok", "warning", "error"]
    what: str
    found: str


@click.command(short_help="Check this machine for everything needed.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Port that `serve` is to listen on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def doctor(*, port: int, as_json: bool) -> None:
    """Check this machine for everything the emulator needs.

    Exits with 1 if something required is missing.
    """
    findings = [_version(), *_python(), _node(), _chromium(), _port(port), *_seeds()]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level}: {finding.what}: {finding.found}")
    if any(finding.level == "error" for finding in findings):
        sys.exit(1)


def _version() -> Finding:
    return Finding("ok", "emulator", __version__)


def _python() -> Iterator[Finding]:
    yield Finding("ok", "python", platform.python_version())
    try:
        import uvloop  # noqa: F401
    except ImportError:
        yield Finding("warning", "uvloop", "not installed; the server is slower without it")


def _node() -> Finding:
    program = shutil.which("node")
    if program is None:
        return Finding("warning", "node", "not on the PATH; the Playwright kit needs it")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = done.stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < NODE_AT_LEAST:
        found = version or "prints no version"
        return Finding("warning", "node", f"{found}; version {NODE_AT_LEAST} or newer is needed")
    return Finding("ok", "node", version)


def _chromium() -> Finding:
    for name in CHROMIUM:
        program = shutil.which(name)
        if program is not None:
            return Finding("ok", "chromium", program)
    remedy = "install it, or run `npx playwright install chromium`"
    return Finding("warning", "chromium", f"not on the PATH; {remedy}")


def _port(port: int) -> Finding:
    what = f"port {port}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _port_in_use(what, port)
    return Finding("ok", what, "free")


def _port_in_use(what: str, port: int) -> Finding:
    try:
        health = ControlClient(HttpTransport(f"http://127.0.0.1:{port}")).get("health")
    except (UnreachableError, ControlError):
        return Finding("error", what, "in use by another program; serve with --port 0")
    return Finding("ok", what, f"worldflux-emulator {health['version']} serves {health['seed']}")


def _seeds() -> Iterator[Finding]:
    from emulator.seeding.files import SeedError, bundled_names, load, plant_file

    if not bundled_names():
        yield Finding("error", "seeds", "missing; reinstall the package")
    for name in bundled_names():
        try:
            plant_file(load(name))
        except SeedError as error:
            yield Finding("error", f"seed {name}", str(error))
        else:
            yield Finding("ok", f"seed {name}", "valid")
