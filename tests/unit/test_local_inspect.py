"""`make inspect`: documents as text, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.cloud.firestore import GeoPoint

from shared.commands.inspect import print_documents
from shared.commands.local.document_text import document_lines
from shared.embedded import open_embedded
from shared.store.browsing import collections


def test_each_field_stands_with_its_type_as_in_the_console() -> None:
    fields = {
        "name": "Ada",
        "count": 3,
        "score": 0.7,
        "voided": False,
        "corrects": None,
        "recorded_at": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        "metadata": {"b": {"c": 1}, "a": "x"},
        "credits": [{"email": "a@b"}, "plain", []],
        "empty": {},
        "raw": b"\x00\xff",
        "place": GeoPoint(1.5, 2.5),
    }
    assert list(document_lines("a@b", fields)) == [
        "a@b",
        "  corrects: null (null)",
        "  count: 3 (number)",
        "  credits: (array)",
        "    0: (map)",
        '      email: "a@b" (string)',
        '    1: "plain" (string)',
        "    2: [] (array)",
        "  empty: {} (map)",
        "  metadata: (map)",
        '    a: "x" (string)',
        "    b: (map)",
        "      c: 1 (number)",
        '  name: "Ada" (string)',
        "  place: GeoPoint(latitude=1.5, longitude=2.5) (geopoint)",
        "  raw: 00ff (bytes)",
        "  recorded_at: 2026-01-02T03:04:05.678000Z (timestamp)",
        "  score: 0.7 (number)",
        "  voided: false (boolean)",
    ]


@pytest.mark.parametrize("trick", ["\x1b[2J", "\x9b2J", "a\nb", "\u202e", "\r", "\x7f"])
def test_nothing_in_a_document_can_steer_the_terminal(trick: str) -> None:
    for line in document_lines(trick, {trick: trick, "m": {trick: [trick]}}):
        assert line.isprintable()


def test_prints_so_many_of_each_collection_and_says_how_many_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_embedded(None, project="demo-inspect") as store:
        client = store.client()
        for number in range(5):
            client.document(f"things/{number}").set({"n": number})
        client.document("others/one").set({"n": 1})

        print_documents(client, collection=None, limit=2)
        assert capsys.readouterr().out.splitlines() == [
            "others (1 document)",
            "  one",
            "    n: 1 (number)",
            "things (5 documents)",
            "  0",
            "    n: 0 (number)",
            "  1",
            "    n: 1 (number)",
            "  and 3 more: LIMIT=5 shows all",
        ]
        print_documents(client, collection="others", limit=1)
        assert "things" not in capsys.readouterr().out
        print_documents(client, collection="absent", limit=1)
        assert capsys.readouterr().out == "no documents in absent\n"


def test_says_so_where_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with open_embedded(None, project="demo-inspect") as store:
        print_documents(store.client(), collection=None, limit=1)
    assert capsys.readouterr().out == "no documents\n"


@pytest.mark.parametrize("limit", [1, 99, 100, 101, 250, 1000])
def test_pages_through_a_collection_without_gaps_or_repetitions(limit: int) -> None:
    with open_embedded(None, project="demo-inspect") as store:
        client = store.client()
        batch = client.batch()
        for number in range(250):
            batch.set(client.document(f"things/{number:03}"), {"n": number})
        batch.commit()
        (things,) = collections(client)
        assert things.count() == 250
        expected = [f"{number:03}" for number in range(min(limit, 250))]
        assert [document_id for document_id, _ in things.documents(limit)] == expected
