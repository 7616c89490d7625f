"""Page tokens: opaque, and good for the one list that gave them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.store.listing import Cursor
from shared.web.pages import decode_cursor, encode_cursor

values = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
)
keys = st.from_regex(r"\A[a-z0-9-][a-z0-9_-]{0,38}:[a-z0-9._-]{1,100}@[0-9a-f]{6,64}\Z") | st.uuids(
    version=5
).map(str)


class TestPageToken:
    @given(values, keys, st.text(max_size=20))
    def test_gives_back_the_place_that_it_was_made_of(
        self, value: datetime | int | None, key: str, scope: str
    ) -> None:
        cursor = Cursor(value, key)
        assert decode_cursor(encode_cursor(cursor, scope), scope) == cursor

    @given(values, keys)
    def test_goes_into_a_url_as_it_is_but_for_its_padding(
        self, value: datetime | int | None, key: str
    ) -> None:
        token = encode_cursor(Cursor(value, key), "scope").rstrip("=")
        assert token.replace("-", "").replace("_", "").isalnum()
        assert token.isascii()

    @given(values, keys)
    def test_is_refused_by_another_list(self, value: datetime | int | None, key: str) -> None:
        token = encode_cursor(Cursor(value, key), "one list")
        with pytest.raises(InvalidInput) as caught:
            decode_cursor(token, "another list")
        assert [fault.pointer for fault in caught.value.faults] == ["?page_token"]

    @given(st.text(max_size=60) | st.text("ABCDEFabcdef0123456789-_=", max_size=60))
    def test_is_refused_where_it_is_made_up(self, token: str) -> None:
        with pytest.raises(InvalidInput):
            decode_cursor(token, "scope")
