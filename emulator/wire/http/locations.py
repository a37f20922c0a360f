"""URLs as the `Location` header carries them."""

from __future__ import annotations

from urllib.parse import quote


def location_of(url: str) -> str:
    """Return a URL for a header: what is not ASCII, or is not allowed in a URL, percent-encoded.

    A host name is encoded the same way, which browsers decode before they look it up.
    """
    return quote(url, safe=":/?#[]@!$&'()*+,;=%-._~")
