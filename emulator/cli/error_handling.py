"""What people can mend, said as one sentence on stderr."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from emulator.client.control_client import ControlError
from emulator.client.server_process import StartError
from emulator.client.transports import UnreachableError

P = ParamSpec("P")


class _Unreachable(click.ClickException):
    """No emulator answers."""

    exit_code = 3


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what people can mend into one sentence on stderr and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ControlError, StartError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # whoever reads has had enough; click ends quietly
        except OSError as error:
            raise click.ClickException(_of_a_file(error)) from error
        except UnreachableError as error:
            raise _Unreachable(f"{error} Start one: worldflux-emulator serve.") from error
        except _of_the_emulator() as error:
            raise click.ClickException(str(error)) from error

    return run


def _of_a_file(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{reason}: {str(error.filename)!r}"


def _of_the_emulator() -> tuple[type[Exception], ...]:
    # Asked for once something went wrong: a command that only talks to a server plants no seed.
    from emulator.seeding.files import SeedError
    from emulator.world.core.refusals import Refusal

    return SeedError, Refusal
