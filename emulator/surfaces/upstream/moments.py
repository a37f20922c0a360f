"""Moments in the upstream's answers: texts that the document calls `date-time`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC, as `to_text` writes it. A text already, so that no answer parses it again."""
