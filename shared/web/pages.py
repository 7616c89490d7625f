"""Pages of a list over HTTP: `limit`, an opaque `page_token`, and a `Link` to the next page.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlencode

from shared.domain.errors import InvalidInput
from shared.domain.fields import Stored
from shared.domain.timestamps import format_timestamp, parse_timestamp
from shared.web.answer import JSON, Page
from shared.web.call import Call
from shared.web.formats import VARY, wanted_form
from shared.web.parameters import Parameters
from shared.web.presentation import columns_of, present
from shared.web.streams import Rows, Stream
from shared.web.table import FORMS

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

    from shared.store import listing
    from shared.store.listing import Cursor

_S = TypeVar("_S")

MEDIA_TYPES = {"json": JSON} | {name: form.media_type for name, form in FORMS.items()}
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_PUBLIC_LIMIT = 100
_DIGEST_LENGTH = 12
_WHOLE = re.compile(r"0*[1-9][0-9]{0,99}", re.ASCII)
# Document ids of contributions, and UUIDs.
_CURSOR_KEY = re.compile(r"[A-Za-z0-9-][A-Za-z0-9._:@-]{0,299}", re.ASCII)


class FormatQuery(Parameters):
    """As what a list is answered."""

    format: Annotated[
        Literal["json", "csv", "ndjson"],
        Doc(
            "`csv` and `ndjson`: a table that goes on to the end, without an API key or with "
            "`limit` one page of it. Its last line says `complete`, or how it `continues`. Without "
            "this, `Accept` decides."
        ),
    ] = "json"


class PageQuery(FormatQuery):
    """Which page of a list."""

    limit: Annotated[
        int,
        Field(ge=1),
        Doc(
            f"How many a page holds. A larger one is brought down to {MAX_LIMIT}, without an API "
            f"key to {MAX_PUBLIC_LIMIT}."
        ),
    ] = DEFAULT_LIMIT
    page_token: Annotated[
        str,
        Doc(
            "Where the page begins: part of the `Link` of the page before, and good for the same "
            "list with the same filters only."
        ),
    ]


PAGING = frozenset({"limit", "page_token"})


def paged(
    call: Call,
    read: Callable[[int, Cursor | None], listing.Page[_S]],
    *,
    of: type[Stored],
    values: type,
    rows_of: Callable[[_S], Iterable[Stored]] | None = None,
) -> Page[Any]:
    """One page of a list, or a table; `read` takes the limit and the place to go on from.

    It is a list `of` such models; `values` is the type of what it is ordered by, where it has any
    in its tokens. Where an item has several rows, `rows_of` gives them.

    Raises `InvalidInput` for a limit out of range, and for a token that this list, with these
    filters, did not give.
    """
    query, masked = call.query, not call.sees_addresses
    limit, token = _limit(call, query.get("limit")), query.get("page_token")
    chosen = {name: value for name, value in query.items() if name not in PAGING}
    scope = json.dumps([call.operation.name, dict(call.parameters), chosen], sort_keys=True)

    def rows(limit: int, token: str | None) -> Rows:
        page = read(limit, None if token is None else decode_cursor(token, scope, values))
        onward = encode_cursor(page.next, scope) if page.next else None
        shown: Iterable[Any] = page.items
        if rows_of:
            shown = chain.from_iterable(map(rows_of, page.items))
        return Rows([present(row, masked=masked) for row in shown], onward)

    form = wanted_form(call, MEDIA_TYPES)
    if form == "json" and rows_of:
        raise InvalidInput.at("?rows", "goes with format=csv or format=ndjson")
    if form != "json":
        bound = limit if masked or "limit" in query else None
        columns = columns_of(of, masked=masked)
        return Stream(call, FORMS[form], columns, rows, limit=bound, token=token)
    page = rows(limit, token)
    headers = dict(VARY)
    if page.next:
        onward = urlencode({**chosen, "limit": limit, "page_token": page.next})
        headers["Link"] = f'<{call.url()}?{onward}>; rel="next"'
    return Page(page.rows, headers)


def unpaged(call: Call, items: Iterable[Stored], *, of: type[Stored]) -> Page[Any]:
    """A list that has no pages, or a table."""
    masked = not call.sees_addresses
    rows = [present(item, masked=masked) for item in items]
    form = wanted_form(call, MEDIA_TYPES)
    if form == "json":
        return Page(rows, VARY)
    columns = columns_of(of, masked=masked)
    return Stream(call, FORMS[form], columns, lambda *_: Rows(rows, None), limit=None, token=None)


def encode_cursor(cursor: Cursor, scope: str) -> str:
    """The page token of a cursor in the list that `scope` describes."""
    value = cursor.value
    if isinstance(value, datetime):
        payload = json.dumps([format_timestamp(value), cursor.key])
    else:
        payload = json.dumps([value, cursor.key])
    return base64.urlsafe_b64encode(f"{_digest(payload, scope)}{payload}".encode()).decode()


def decode_cursor(token: str, scope: str, values: type = object) -> Cursor:
    """The cursor of a page token; raises `InvalidInput` unless it was given for this list.

    Its value must be of the type of this list's `values`, or none.
    """
    from shared.store.listing import Cursor

    try:
        text = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
        digest, payload = text[:_DIGEST_LENGTH], text[_DIGEST_LENGTH:]
        # Not a signature: a token grants nothing. It only must belong to this list.
        if digest != _digest(payload, scope):
            raise ValueError
        value, key = json.loads(payload)
        return Cursor(_cursor_value(value, values), _cursor_key(key))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise InvalidInput.at("?page_token", "was not given for this list") from None


# Anybody can make a token up whose digest is right, so its content is checked as any input is.
def _cursor_value(given: object, values: type) -> datetime | int | None:
    value = parse_timestamp(given) if isinstance(given, str) else given
    if value is None:
        return None
    if isinstance(value, values):
        if isinstance(value, datetime):
            return value
        if type(value) is int and -(2**63) <= value < 2**63:
            return value
    raise ValueError


def _cursor_key(key: str) -> str:
    if not _CURSOR_KEY.fullmatch(key):
        raise ValueError
    return key


def _digest(payload: str, scope: str) -> str:
    return hashlib.sha256(f"{scope}\n{payload}".encode()).hexdigest()[:_DIGEST_LENGTH]


def _limit(call: Call, text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _WHOLE.fullmatch(text):
        raise InvalidInput.at("?limit", "must be a whole number of at least 1")
    # A larger one is brought down, as GitHub does it; it may have any number of digits.
    wanted = int(text) if len(text.lstrip("0")) < 5 else MAX_LIMIT
    return min(wanted, MAX_LIMIT if call.sees_addresses else MAX_PUBLIC_LIMIT)
