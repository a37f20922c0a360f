"""OpenAPI document of a surface, made from its operations.

FastAPI writes it: each operation becomes a route whose handler is never called. Only what generates
the committed documents imports this module, because FastAPI takes a tenth of a second to import.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, cast, get_type_hints

from fastapi import Body, FastAPI, Path, Query, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, create_model
from pydantic.warnings import UnsupportedFieldAttributeWarning

from emulator.contract.catalog import Caller, Operation, admits_none

INT32_END = 2**31

_REQUIRED = inspect.Parameter.empty


def build_document(
    operations: Iterable[Operation],
    *,
    title: str,
    version: str,
    description: str,
    server_url: str,
    error_model: type[BaseModel],
    statuses: Mapping[str, int],
    security_schemes: Mapping[Caller, tuple[str, Mapping[str, Any]]],
) -> dict[str, Any]:
    """Return the OpenAPI document of the operations that are documented.

    `statuses` has the status of each error code; `security_schemes` has, by caller, the name of the
    scheme by which the caller authenticates and the scheme itself.
    """
    names = {caller: name for caller, (name, _) in security_schemes.items()}
    app = FastAPI(
        title=title, version=version, description=description, servers=[{"url": server_url}]
    )
    app.router.routes[:] = [
        _route(operation, error_model=error_model, statuses=statuses, security=names)
        for operation in operations
        if operation.is_documented
    ]
    with warnings.catch_warnings():
        # FastAPI ignores this warning of its own alias of a body where it makes the adapter; that
        # of a model which is built on first use is made here.
        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        document = app.openapi()
    _mark_long_integers(document)
    if security_schemes:
        document["components"]["securitySchemes"] = {
            name: dict(scheme) for name, scheme in security_schemes.values()
        }
    return document


def _route(
    operation: Operation,
    *,
    error_model: type[BaseModel],
    statuses: Mapping[str, int],
    security: Mapping[Caller, str],
) -> APIRoute:
    (status, model), *others = operation.answer_models().items()
    responses: dict[int | str, dict[str, Any]] = {
        other: {"model": its_model, "description": "Successful Response"}
        for other, its_model in others
    }
    extra: dict[str, Any] = {"x-source": operation.provenance}
    if operation.caller in security:
        extra["security"] = [{security[operation.caller]: []}]
    return APIRoute(
        operation.path,
        _handler(operation),
        methods=[operation.method],
        name=operation.name,
        operation_id=operation.name,
        description="\n\n".join(filter(None, (operation.summary, operation.description))),
        response_model=model,
        status_code=status,
        responses=responses | _refusals(operation.refuses, error_model, statuses=statuses),
        tags=[operation.tag],
        openapi_extra=extra,
    )


def _refusals(
    codes: Iterable[str], error_model: type[BaseModel], *, statuses: Mapping[str, int]
) -> dict[int | str, dict[str, Any]]:
    """Return the responses that carry error codes, by status."""
    by_status: dict[int | str, list[str]] = {}
    for code in sorted(codes, key=lambda code: (statuses[code], str(code))):
        by_status.setdefault(statuses[code], []).append(f"`{code}`")
    return {
        status: {"model": error_model, "description": " or ".join(names)}
        for status, names in by_status.items()
    }


def _handler(operation: Operation) -> Callable[..., Awaitable[Response]]:
    """Return a handler whose signature is what the operation takes."""
    takes: dict[str, Any] = {
        name: Annotated[str, Path()] for name in re.findall(r"\{(\w+)\}", operation.path)
    }
    if operation.query is not None:
        takes["query"] = Annotated[_query_model(operation.query), Query()]
    body = operation.body_type()
    if body is not None:
        takes["body"] = Annotated[body, Body(media_type=operation.media_type)]

    async def handle(**_: Any) -> Response:
        raise NotImplementedError

    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=None if name == "body" and admits_none(body) else _REQUIRED,
        )
        for name, annotation in takes.items()
    ]
    handle.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return handle


def _query_model(kind: type[Any]) -> type[BaseModel]:
    """Return the model of a query, which FastAPI takes as nothing else."""
    if not is_dataclass(kind):
        return cast(type[BaseModel], kind)
    hints = get_type_hints(kind)
    members: dict[str, Any] = {
        each.name: (hints[each.name], Field(each.default, **each.metadata)) for each in fields(kind)
    }
    return create_model(kind.__name__, **members)


def _mark_long_integers(value: Any) -> None:
    """Mark every integer without a maximum below 2³¹ as `int64`. Generators of Go, Java, Kotlin,
    C# and Rust clients read an unmarked integer as 32 bits, and fail on a storage limit of 5 GiB.
    """
    if isinstance(value, dict):
        if value.get("type") == "integer" and value.get("maximum", INT32_END) >= INT32_END:
            value["format"] = "int64"
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            _mark_long_integers(member)
