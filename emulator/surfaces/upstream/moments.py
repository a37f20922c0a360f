"""Moments in the upstream's responses: strings that the document marks as `date-time`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC, as `to_text` writes it. It stays a string, so that no view parses it again."""
