"""Schemathesis finds no disagreement between the document and the answers."""

from __future__ import annotations

import pytest

from tests.fuzz.document import CALLERS, Caller, judge

EXAMPLES = 5
"""For each operation, beside those that cover its schema: some 1,500 cases for each caller."""


@pytest.mark.parametrize("caller", CALLERS)
def test_answers_are_as_the_document_says_whatever_is_sent(caller: Caller) -> None:
    verdict = judge(caller, examples=EXAMPLES)
    assert verdict.is_good, verdict.report
    assert verdict.cases > 500
