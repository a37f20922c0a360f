"""The server as a whole, and its worlds."""

from __future__ import annotations

import time
from typing import Any

import click

from emulator.cli.error_handling import plain_errors
from emulator.cli.server_options import (
    Asked,
    json_option,
    resolve_seed_argument,
    table,
    url_option,
    with_server,
    with_world,
)
from emulator.client.control_client import ControlClient
from emulator.client.transports import HttpTransport, UnreachableError

_PAUSE_SECONDS = 0.1


@click.command()
@url_option
@click.option(
    "--timeout", type=click.FloatRange(0), default=30, show_default=True, help="In seconds."
)
@json_option
@plain_errors
def wait(*, url: str, timeout: float, as_json: bool) -> None:
    """Wait until an emulator answers, with its seed planted."""
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
    Asked(control, as_json).say(health, f"{url} is ready.")


@click.command()
@with_server
def status(asked: Asked) -> None:
    """Say who answers: version, seed, clock, worlds."""
    health = asked.control.get("health")
    worlds_ = asked.control.get("worlds")["items"]
    asked.say(
        {**health, "worlds": len(worlds_)},
        f"worldflux-emulator {health['version']} answers at {asked.control.line.url}",
        f"instance  {health['instance']}",
        f"seed      {health['seed']}",
        f"clock     {health['clock']['now']} ({health['clock']['mode']})",
        f"worlds    {len(worlds_)}",
    )


@click.command()
@click.option("--seed", help="Another seed, by name or file.")
@with_world
def reset(asked: Asked, *, seed: str | None) -> None:
    """Put a world back to its beginning, or to another seed."""
    said = asked.control.post("reset", seed=resolve_seed_argument(asked.control, seed))
    asked.say(said, f"{asked.control.world or 'default'}: digest {said['digest']}")


@click.group()
def worlds() -> None:
    """Make, fork, reset and delete worlds."""


def _lines(views: list[dict[str, Any]]) -> list[str]:
    head = ("NAME", "REQUESTS", "CLOCK", "URL")
    return table(head, [(one["name"], one["requests"], one["clock"], one["url"]) for one in views])


@worlds.command("list")
@with_server
def list_worlds(asked: Asked) -> None:
    """List the live worlds."""
    said = asked.control.get("worlds")
    asked.say(said, *_lines(said["items"]))


@worlds.command("make")
@click.argument("name")
@click.option("--from", "source", help="A seed, a snapshot or a world.  [default: the baseline]")
@click.option("--port", type=click.IntRange(0, 65535), help="A port of its own; 0: a free one.")
@with_server
def make_world(asked: Asked, *, name: str, source: str | None, port: int | None) -> None:
    """Make a world and print its URL."""
    source = resolve_seed_argument(asked.control, source)
    body: dict[str, Any] = {"name": name, "from": source, "port": port}
    said = asked.control.post("worlds", **body)
    asked.say(said, said["url"])


@worlds.command("fork", short_help="Make the world FORK in the state of NAME.")
@click.argument("name")
@click.argument("fork")
@click.option("--port", type=click.IntRange(0, 65535), help="A port of its own; 0: a free one.")
@with_server
def fork_world(asked: Asked, *, name: str, fork: str, port: int | None) -> None:
    """Make the world FORK in the state of the world NAME, and print its URL."""
    said = asked.control.post("worlds", name, "fork", name=fork, port=port)
    asked.say(said, said["url"])


@worlds.command("reset")
@click.argument("name")
@click.option("--seed", help="Another seed, by name or file.")
@with_server
def reset_world(asked: Asked, *, name: str, seed: str | None) -> None:
    """Put a world back to its beginning, or to another seed."""
    seed = resolve_seed_argument(asked.control, seed)
    said = asked.control.post("worlds", name, "reset", seed=seed)
    asked.say(said, f"{name}: digest {said['digest']}")


@worlds.command("delete")
@click.argument("name")
@with_server
def delete_world(asked: Asked, *, name: str) -> None:
    """Forget a world and close its port."""
    asked.control.delete("worlds", name)
    asked.say({"deleted": name}, f"{name}: deleted")
