"""Error handling: turns expected exceptions into one sentence on stderr and an exit code."""

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
    """No emulator can be reached."""

    exit_code = 3


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Report errors that a user can fix without a traceback; bugs keep theirs."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ControlError, StartError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # the reader of a pipe, such as `head`, has closed it; click exits quietly
        except OSError as error:
            raise click.ClickException(_file_error(error)) from error
        except UnreachableError as error:
            raise _Unreachable(f"{error} Start one with: worldflux-emulator serve") from error
        except _emulator_errors() as error:
            raise click.ClickException(str(error)) from error

    return run


def _file_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{reason}: {str(error.filename)!r}"


def _emulator_errors() -> tuple[type[Exception], ...]:
    # Imported only after a failure: a command that talks to a server need not load seeding.
    from emulator.seeding.files import SeedError
    from emulator.world.core.refusals import Refusal

    return SeedError, Refusal
