"""Cookies are read as Starlette reads them, which are as browsers send them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import cookie_parser

from emulator.wire.gotrue.session_cookie import read_cookies


@given(st.text(alphabet='ab="\\; 0127é\t', max_size=30))
@example('a="\\054\\"x"; b; =c; d=')
def test_cookies_are_read_as_starlette_reads_them(sent: str) -> None:
    assert read_cookies(sent) == cookie_parser(sent)
