"""Rows as text: what a spreadsheet reads, and never runs, and what a program reads back."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.table import FORMS, Form, inert, whole

CSV, LINES = FORMS["csv"], FORMS["ndjson"]

# What Firestore keeps as text; a cell of a spreadsheet may begin with any of the marks.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.from_regex(
    r"[='+\-@#\t\r\n\"]{1,4}[^\uD800-\uDFFF]?", fullmatch=True
)
VALUES = st.recursive(
    st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": TEXTS.filter(bool) | st.none(),
            "amount": st.decimals(0, 10, places=2).map(str),
            "more": (st.lists(VALUES, max_size=3) | st.dictionaries(TEXTS, VALUES, max_size=3)),
        }
    ),
    max_size=5,
)
COLUMNS = ["name", "amount", "more"]


def read_back(text: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of a CSV by somebody who knows what the columns hold, and its last line."""
    head, *lines, [last] = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    return [
        {
            "name": re.sub("^'('*[=+\\-@\t\r\n＝＋－＠#])", r"\1", row["name"]) or None,
            "amount": row["amount"],
            "more": json.loads(row["more"]),
        }
        for row in rows
    ], last


class TestCsv:
    def test_has_a_head_a_line_for_each_row_and_how_many_there_were(self) -> None:
        rows: list[dict[str, Any]] = [
            {"name": 'Ada "A", B', "amount": "1.00", "live": True},
            {"name": None, "amount": "0.50", "live": ["a", 1]},
        ]
        assert whole(CSV, ["amount", "name", "live"], rows) == (
            '\ufeffamount,name,live\r\n1.00,"Ada ""A"", B",true\r\n0.50,,"[""a"",1]"\r\n'
            "# complete: 2 rows\r\n"
        )

    def test_of_nothing_is_complete_too(self) -> None:
        assert whole(CSV, ["amount"], []) == "\ufeffamount\r\n# complete: 0 rows\r\n"

    @given(rows=ROWS)
    def test_is_read_back_as_it_was_though_no_spreadsheet_runs_any_of_it(
        self, rows: list[dict[str, Any]]
    ) -> None:
        text = whole(CSV, COLUMNS, rows)
        read, last = read_back(text)
        assert read == rows
        assert last == f"# complete: {len(rows)} rows"
        *cells, _ = (cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line)
        assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r＝＋－＠#"))]


class TestJsonLines:
    @given(rows=ROWS)
    def test_are_an_object_each_and_one_in_the_end(self, rows: list[dict[str, Any]]) -> None:
        text = whole(LINES, COLUMNS, rows)
        assert text.endswith("\n")
        *read, last = map(json.loads, text[:-1].split("\n"))
        assert read == rows
        assert last == {"complete": len(rows)}


@pytest.mark.parametrize(
    ("form", "continues", "failed"),
    [
        (CSV, "# continues: page_token=abc==\r\n", "# failed: unavailable page_token=abc==\r\n"),
        (
            LINES,
            '{"continues":"abc=="}\n',
            '{"failed":"unavailable","continues":"abc=="}\n',
        ),
    ],
)
def test_the_last_line_says_what_became_of_the_rest(
    form: Form, continues: str, failed: str
) -> None:
    assert form.continues("abc==") == continues
    assert form.failed("unavailable", "abc==") == failed


class TestInert:
    @pytest.mark.parametrize(
        "first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "#"]
    )
    def test_is_text_that_a_spreadsheet_would_take_for_a_formula(self, first: str) -> None:
        text = f"{first}cmd|' /C calc'!A0"
        assert inert(text) == f"'{text}"
        # So that one that had an apostrophe itself can be told from that.
        assert inert(f"'{text}") == f"''{text}"

    @pytest.mark.parametrize("text", ["", "1.00", "Ada = Bea", "'Tis", " =1"])
    def test_is_no_other_text(self, text: str) -> None:
        assert inert(text) == text
