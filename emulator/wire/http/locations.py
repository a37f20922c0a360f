"""URLs in the form that the `Location` header allows."""

from __future__ import annotations

from urllib.parse import quote


def location_of(url: str) -> str:
    """Return a URL for a header, with characters that a URL cannot contain percent-encoded.

    A host name is encoded the same way, which browsers decode before they look it up.
    """
    return quote(url, safe=":/?#[]@!$&'()*+,;=%-._~")
