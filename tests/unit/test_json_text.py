"""JSON bodies: nothing is guessed, and nothing that cannot be stored gets through."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput, LedgerError, MalformedRequest
from shared.domain.unreadable import Unreadable
from shared.web.json_text import parse_json, parse_json_of_many

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
storable = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**60), 10**60) | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=10,
)


class TestParseJson:
    @pytest.mark.parametrize(
        ("body", "value"),
        [
            (b"{}", {}),
            (b" [1, null, true] \n", [1, None, True]),
            (b"-0", 0),
            ('"é\U0001f600"'.encode(), "é\U0001f600"),
            (rb'"\ud83d\ude00"', "\U0001f600"),
            # Looks like a NUL, and is a backslash before some letters.
            (rb'"\\u0000"', r"\u0000"),
            (rb'"\\ud800"', r"\ud800"),
            (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        ],
    )
    def test_reads_json(self, body: bytes, value: object) -> None:
        assert parse_json(body) == value

    @pytest.mark.parametrize("text", ["100.00", "0.1", "1e3", "1E-6", "0e-400", "1e999999999"])
    def test_keeps_every_digit_of_a_number(self, text: str) -> None:
        number = parse_json(text.encode())
        assert isinstance(number, Decimal)
        assert number == Decimal(text)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"{",
            b"{'a': 1}",
            b"nope",
            b"[1,]",
            b"1 2",
            b'"\x00"',
            b'"\n"',
            b"01",
            b"+1",
            b"\xef\xbb\xbf{}",
            b"{}x",
        ],
    )
    def test_refuses_what_is_no_json(self, body: bytes) -> None:
        with pytest.raises(MalformedRequest, match="The body is not JSON"):
            parse_json(body)

    @pytest.mark.parametrize("body", [b'"\xff"', b'"\xed\xa0\x80"', b"\xff\xfe{\x00}\x00"])
    def test_refuses_what_is_not_utf_8(self, body: bytes) -> None:
        with pytest.raises(MalformedRequest, match="not UTF-8"):
            parse_json(body)

    @pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"-Infinity", b'{"a": [NaN]}'])
    def test_refuses_numbers_that_json_does_not_have(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="is not a number that can be recorded"):
            parse_json(body)

    @pytest.mark.parametrize(
        "body", [b'{"a": 1, "a": 1}', b'[{"a": {"b": 1, "b": 2}}]', rb'{"a": 1, "\u0061": 2}']
    )
    def test_refuses_a_key_that_stands_twice(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="the same key twice"):
            parse_json(body)

    @pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 10_000], ids=["lists", "objects"])
    def test_refuses_bottomless_nesting(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="nested too deeply"):
            parse_json(body)

    def test_refuses_numbers_of_more_than_64_characters(self) -> None:
        assert parse_json(b"1" * 64) == int("1" * 64)
        assert parse_json(b"0." + b"1" * 62) == Decimal("0." + "1" * 62)
        for body in (b"1" * 65, b"0." + b"1" * 63, b"1" * 60_000, b"1e" + b"9" * 63):
            with pytest.raises(InvalidInput, match="more than 64 characters"):
                parse_json(body)

    def test_refuses_an_exponent_out_of_range(self) -> None:
        with pytest.raises(InvalidInput, match="exponent is out of range"):
            parse_json(b"1e" + b"9" * 40)

    @pytest.mark.parametrize(
        "body",
        [
            rb'"\u0000"',
            rb'"a\u0000b"',
            rb'"\ud800"',
            rb'"\uDFFF"',
            rb'"\ude00\ud83d"',
            rb'{"a": ["\ud800"]}',
            rb'{"\u0000": 1}',
            rb'{"a": {"\udc00": 1}}',
        ],
    )
    def test_refuses_strings_that_cannot_be_stored(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="a NUL or half a surrogate pair"):
            parse_json(body)

    def test_never_repeats_the_body_in_an_error(self) -> None:
        for body in (b"alice@example.com", b'{"alice@example.com": 1, "alice@example.com": 2}'):
            with pytest.raises(LedgerError) as caught:
                parse_json(body)
            assert "alice" not in caught.value.detail

    @given(storable, st.booleans())
    def test_reads_back_whatever_can_be_stored(self, value: Any, ascii_only: bool) -> None:
        assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value

    @given(st.binary(max_size=40) | st.text('{}[]",:0123456789eE.+-\\u ntf').map(str.encode))
    def test_raises_nothing_but_errors_of_the_ledger(self, body: bytes) -> None:
        try:
            parse_json(body)
        except (MalformedRequest, InvalidInput):
            return


TWICE = Unreadable("an object holds the same key twice")
TOO_LONG = Unreadable("a number has more than 64 characters")


class TestParseJsonOfMany:
    @pytest.mark.parametrize(
        ("bad", "instead"),
        [
            (b"NaN", Unreadable("NaN is not a number that can be recorded")),
            (b"-Infinity", Unreadable("-Infinity is not a number that can be recorded")),
            (b"1" * 70, TOO_LONG),
            (b"0." + b"1" * 70, TOO_LONG),
            (b"1e" + b"9" * 40, Unreadable("a number's exponent is out of range")),
            (b'{"a": 1, "a": 1, "b": 2}', {"a": TWICE, "b": 2}),
            (rb'{"a": 1, "\u0061": {}}', {"a": TWICE}),
            (rb'"a\u0000b"', "a\0b"),
            (rb'"\ud800"', "\ud800"),
            (b'"M\xfcller"', "M\udcfcller"),
        ],
    )
    def test_marks_a_bad_value_where_it_stands(self, bad: bytes, instead: object) -> None:
        assert parse_json_of_many(b'{"bad": ' + bad + b', "good": "\xc3\xbc"}') == {
            "bad": instead,
            "good": "ü",
        }

    @pytest.mark.parametrize("body", [b"", b"{", b"{}x", b"\xff", b'"\n"'])
    def test_refuses_what_is_no_json(self, body: bytes) -> None:
        with pytest.raises(MalformedRequest, match="The body is not JSON"):
            parse_json_of_many(body)

    def test_refuses_bottomless_nesting(self) -> None:
        with pytest.raises(InvalidInput, match="nested too deeply"):
            parse_json_of_many(b"[" * 60_000)

    @given(storable)
    def test_reads_what_has_no_fault_as_ever(self, value: Any) -> None:
        body = json.dumps(value).encode()
        assert parse_json_of_many(body) == parse_json(body)
