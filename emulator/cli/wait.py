"""`wait`: wait until an emulator is ready."""

from __future__ import annotations

import time

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.output import Invocation
from emulator.cli.server_options import json_option, url_option
from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, UnreachableError

_PAUSE_SECONDS = 0.1


@click.command()
@url_option
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    default=30,
    show_default=True,
    help="How long to wait.",
)
@json_option
@plain_errors
def wait(*, url: str, timeout: float, as_json: bool) -> None:
    """Wait until an emulator accepts requests."""
    control = ControlClient(HttpTransport(url))
    end = time.monotonic() + timeout
    while True:
        try:
            health = control.get("health")
            break
        except UnreachableError as error:
            if time.monotonic() >= end:
                raise UnreachableError(f"{error} Waited for {timeout:g} s.") from error
            time.sleep(_PAUSE_SECONDS)
    Invocation(control, as_json).print(health, f"{url} is ready.")
