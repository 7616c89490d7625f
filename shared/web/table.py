"""Tables as CSV, fit to be opened in a spreadsheet.

https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

# What makes a formula of a cell: https://owasp.org/www-community/attacks/CSV_Injection
# And what the last line begins with.
_TELLING = tuple("=+-@\t\r\n＝＋－＠#")


def inert(value: Any) -> Any:
    """What stands in the cell for a value: text with a `'` in front where it would do something."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_TELLING) else value


def csv_of(columns: Sequence[str], rows: Collection[Mapping[str, Any]]) -> str:
    """A head, a line for each row, and as the last line how many there were."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([inert(row[name]) for name in columns] for row in rows)
    return f"{file.getvalue()}# complete: {len(rows)} rows\r\n"
