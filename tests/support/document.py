"""The OpenAPI document as a client reads it: which operation a call is, and what it may answer."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx2
from jsonschema import Draft202012Validator

from emulator.surfaces.upstream.pages import openapi_bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.said["operationId"])

    @property
    def statuses(self) -> set[int]:
        """Every status it is documented to answer."""
        return {int(status) for status in self.said["responses"]}

    def takes(self, method: str, path: str) -> bool:
        """Tell whether a call is this operation's."""
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None


class Document:
    """The document with its objects closed: a member that is not documented is an error."""

    def __init__(self) -> None:
        self.said = json.loads(openapi_bytes())
        self.components = {"schemas": closed(self.said["components"]["schemas"])}

    @property
    def operations(self) -> list[Operation]:
        """Every operation."""
        return [
            Operation(method.upper(), path, said)
            for path, methods in self.said["paths"].items()
            for method, said in methods.items()
        ]

    def operation_of(self, method: str, path: str) -> Operation:
        """Return the operation that a call is, literal paths first."""
        found = [one for one in self.operations if one.takes(method, path)]
        return min(found, key=lambda one: one.path.count("{"))

    def judge(self, operation: Operation, answer: httpx2.Response) -> None:
        """Fail unless the answer's status and body are as documented."""
        responses = operation.said["responses"]
        assert str(answer.status_code) in responses, (operation.name, answer.status_code)
        content = responses[str(answer.status_code)].get("content")
        if content is None:
            assert answer.content == b""
            return
        [(media_type, said)] = content.items()
        assert answer.headers["content-type"] == media_type
        schema = {**closed(said["schema"]), "components": self.components}
        Draft202012Validator(schema).validate(answer.json())


def closed(schema: Any) -> Any:
    """Return a schema whose objects take no member that they do not name."""
    schema = deepcopy(schema)
    _close(schema)
    return schema


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for member in schema.values():
            _close(member)
    elif isinstance(schema, list):
        for member in schema:
            _close(member)
