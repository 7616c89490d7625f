"""Documents in the journal: the REST form, exact for every value."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from shared.embedded.codec import decode_document, encode_document
from shared.embedded.messages import Document, Timestamp, Value

NAME = "projects/p/databases/(default)/documents/c/x"

texts = st.text(max_size=8)
stamps = st.builds(
    Timestamp,
    seconds=st.integers(-62_135_596_800, 253_402_300_799),
    nanos=st.integers(0, 999_999_999),
)
scalars = st.one_of(
    st.just(Value(null_value=0)),
    st.builds(lambda v: Value(boolean_value=v), st.booleans()),
    st.builds(lambda v: Value(integer_value=v), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda v: Value(double_value=v), st.floats(allow_nan=False) | st.just(math.nan)),
    st.builds(lambda v: Value(timestamp_value=v), stamps),
    st.builds(lambda v: Value(string_value=v), texts),
    st.builds(lambda v: Value(bytes_value=v), st.binary(max_size=8)),
    st.builds(lambda v: Value(reference_value=v), texts),
    st.builds(
        lambda x, y: Value(geo_point_value={"latitude": x, "longitude": y}),
        st.floats(-90, 90),
        st.floats(-180, 180),
    ),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.builds(lambda v: Value(array_value={"values": v}), st.lists(inner, max_size=3))
        | st.builds(
            lambda v: Value(map_value={"fields": v}),
            st.dictionaries(texts, inner, max_size=3),
        )
    ),
    max_leaves=8,
)
documents = st.builds(
    lambda fields, created, updated: Document(
        name=NAME, fields=fields, create_time=created, update_time=updated
    ),
    st.dictionaries(texts, values, max_size=4),
    stamps,
    stamps,
)


def exact(document: Any) -> bytes:
    """Bytes that are equal only for equal content: message equality denies NaN."""
    content: bytes = document.SerializeToString(deterministic=True)
    return content


def through_text(document: Any) -> Any:
    """What a journal line does to a document's JSON form."""
    return json.loads(json.dumps(encode_document(document), ensure_ascii=False))


@given(document=documents)
def test_every_document_comes_back_to_the_last_bit(document: Any) -> None:
    assert exact(decode_document(through_text(document))) == exact(document)


@given(document=documents)
def test_the_form_is_the_one_that_protobuf_reads(document: Any) -> None:
    assert exact(json_format.ParseDict(through_text(document), Document())) == exact(document)


def test_the_form_is_readable() -> None:
    document = Document(
        name=NAME,
        fields={
            "n": Value(integer_value=2**63 - 1),
            "at": Value(timestamp_value=Timestamp(seconds=1, nanos=500_000_000)),
            "odd": Value(array_value={"values": [Value(double_value=math.nan)]}),
        },
        create_time=Timestamp(seconds=int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())),
        update_time=Timestamp(seconds=0),
    )
    assert encode_document(document) == {
        "name": NAME,
        "fields": {
            "at": {"timestampValue": "1970-01-01T00:00:01.500Z"},
            "n": {"integerValue": "9223372036854775807"},
            "odd": {"arrayValue": {"values": [{"doubleValue": "NaN"}]}},
        },
        "createTime": "2024-01-01T00:00:00Z",
        "updateTime": "1970-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    "value",
    [{}, {"colourValue": 1}, {"integerValue": "x"}, {"bytesValue": "?"}, {"doubleValue": "Nan"}],
)
def test_what_is_no_value_is_refused(value: dict[str, Any]) -> None:
    form = {"name": NAME, "fields": {"a": value}, "createTime": "", "updateTime": ""}
    form |= dict.fromkeys(("createTime", "updateTime"), "2024-01-01T00:00:00Z")
    with pytest.raises((KeyError, TypeError, ValueError)):
        decode_document(form)
