"""Rows as text: CSV, fit to be opened in a spreadsheet, and JSON, one object a line.

Whatever is cut off is seen to be: only what ends with its last line is whole.
https://www.rfc-editor.org/rfc/rfc4180, https://github.com/ndjson/ndjson-spec
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

# What makes a formula of a cell: https://owasp.org/www-community/attacks/CSV_Injection
# And what the last line begins with. Behind apostrophes too, so that they can be told from ours.
_TELLING = re.compile(r"'*[=+\-@\t\r\n＝＋－＠#]")

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

Row = Mapping[str, Any]


class Form(Protocol):
    """One way of writing rows, none of which is kept."""

    media_type: ClassVar[str]

    def head(self, columns: Sequence[str]) -> str:
        """What stands in front of the rows."""

    def rows(self, columns: Sequence[str], rows: Iterable[Row]) -> str:
        """Some rows."""

    def complete(self, number: int) -> str:
        """The last line where nothing follows `number` rows."""

    def continues(self, token: str) -> str:
        """The last line where more is found with this `page_token`."""

    def failed(self, code: str, token: str) -> str:
        """The last line where an error came in between; what stands above it is right."""


class Csv:
    """A head, and a line for each row. What is no text stands there as JSON, nothing as nothing.

    A byte order mark tells Excel and LibreOffice that it is UTF-8, where they would take it for
    something else; what reads UTF-8 with a mark leaves it out (Python: `utf-8-sig`).
    """

    media_type: ClassVar[str] = "text/csv; charset=utf-8"

    def head(self, columns: Sequence[str]) -> str:
        return f"{BYTE_ORDER_MARK}{_lines([columns])}"

    def rows(self, columns: Sequence[str], rows: Iterable[Row]) -> str:
        return _lines([_cell(row[name]) for name in columns] for row in rows)

    def complete(self, number: int) -> str:
        return f"# complete: {number} rows\r\n"

    def continues(self, token: str) -> str:
        return f"# continues: page_token={token}\r\n"

    def failed(self, code: str, token: str) -> str:
        return f"# failed: {code} page_token={token}\r\n"


class JsonLines:
    """An object for each row, and one of another kind in the end."""

    media_type: ClassVar[str] = "application/x-ndjson"

    def head(self, columns: Sequence[str]) -> str:  # noqa: ARG002 - as every form
        return ""

    def rows(self, columns: Sequence[str], rows: Iterable[Row]) -> str:
        return "".join(_json({name: row[name] for name in columns}) + "\n" for row in rows)

    def complete(self, number: int) -> str:
        return _json({"complete": number}) + "\n"

    def continues(self, token: str) -> str:
        return _json({"continues": token}) + "\n"

    def failed(self, code: str, token: str) -> str:
        return _json({"failed": code, "continues": token}) + "\n"


FORMS: Mapping[str, Form] = {"csv": Csv(), "ndjson": JsonLines()}


def whole(form: Form, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """All of a table at once."""
    return form.head(columns) + form.rows(columns, rows) + form.complete(len(rows))


def inert(text: str) -> str:
    """What stands in a cell for a text: with a `'` in front where it would do something."""
    return f"'{text}" if _TELLING.match(text) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else _json(value)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


# Made once: `json.dumps` would make one for each cell.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
