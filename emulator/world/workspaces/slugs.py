"""Slugs, made from names."""

from __future__ import annotations

import re
import unicodedata


def slugify(name: str) -> str:
    """Return `name` as at most 40 lower-case ASCII letters, digits and hyphens; never empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "untitled"
