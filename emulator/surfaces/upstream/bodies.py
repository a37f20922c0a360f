"""Bodies of the upstream: read as JSON and validated as FastAPI does."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from emulator.contract.catalog import admits_none
from emulator.wire.http.bodies import preload_json
from emulator.wire.http.codes import BadInput
from emulator.wire.http.errors import problems_of
from emulator.wire.http.validation import adapter_of


async def read_body_as(request: Request, kind: Any) -> Any:
    """Return the body as `kind`, which may be any type that pydantic validates.

    Real: FastAPI takes an empty body for an absent one, and validates with `from_attributes`
    (fastapi 0.165, routing.py and _compat/v2.py). Raises BadInput, and what
    `preload_json` raises.
    """
    await preload_json(request)
    if not await request.body():
        if admits_none(kind):
            return None
        raise BadInput([{"path": "", "message": "Field required"}])
    try:
        return adapter_of(kind).validate_python(await request.json(), from_attributes=True)
    except ValidationError as error:
        raise BadInput(problems_of(error.errors())) from error
