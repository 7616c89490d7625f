"""Tables as CSV: what a spreadsheet reads, and never runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from shared.web.table import csv_of, inert


class TestCsvOf:
    def test_has_a_head_a_line_for_each_row_and_how_many_there_were(self) -> None:
        rows: list[dict[str, Any]] = [
            {"name": 'Ada "A", B', "amount": "1.00"},
            {"name": None, "amount": "0.50"},
        ]
        text = csv_of(["amount", "name"], rows)
        assert text == 'amount,name\r\n1.00,"Ada ""A"", B"\r\n0.50,\r\n# complete: 2 rows\r\n'

    def test_of_nothing_is_complete_too(self) -> None:
        assert csv_of(["amount"], []) == "amount\r\n# complete: 0 rows\r\n"

    def test_is_read_back_as_it_was_but_for_what_was_made_inert(self) -> None:
        names = ["Zoë, O'Hara", "a\nb", '"', "=1+1", " =1", "# complete: 9 rows"]
        head, *lines, _ = csv.reader(io.StringIO(csv_of(["n"], [{"n": n} for n in names])))
        assert head == ["n"]
        assert [cell for [cell] in lines] == [*names[:3], "'=1+1", " =1", "'# complete: 9 rows"]


class TestInert:
    @pytest.mark.parametrize(
        "first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
    )
    def test_is_text_that_a_spreadsheet_would_take_for_a_formula(self, first: str) -> None:
        assert inert(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"

    @pytest.mark.parametrize("value", ["", "1.00", "Ada = Bea", None, -5])
    def test_is_no_other_value(self, value: object) -> None:
        assert inert(value) is value
