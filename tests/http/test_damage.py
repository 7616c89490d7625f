"""A document of the embedded store that is not what was stored: never shown, and never counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from shared.embedded import open_embedded
from shared.embedded.files import DATABASE
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem


def with_a_wrong_byte(database: Path, text: bytes) -> None:
    """Change a letter of the document that holds a text."""
    with closing(sqlite3.connect(database)) as connection, connection:
        [(number, content)] = connection.execute(
            "SELECT number, content FROM documents WHERE instr(content, ?)", (text,)
        ).fetchall()
        damaged = content.replace(text, text[:-1] + b"?")
        connection.execute("UPDATE documents SET content = ? WHERE number = ?", (damaged, number))


def test_a_wrong_byte_is_a_500_without_details(tmp_path: Path) -> None:
    with open_embedded(tmp_path, project="demo-http") as store:
        service = Service(store.client)
        damaged = service.track(commit_hash="aaaaaa", url="https://example.com/first").get_json()
        sound = service.track(commit_hash="bbbbbb", url="https://example.com/other").get_json()
    with_a_wrong_byte(tmp_path / DATABASE, b"https://example.com/first")
    with open_embedded(tmp_path, project="demo-http") as store:
        service = Service(store.client)
        answers = [
            service.get(f"/v1/contributions/{damaged['id']}", headers=KEY),
            service.get("/v1/contributions", headers=KEY),
            service.get(f"/v1/assets/{damaged['asset_id']}/contributions"),
            service.track(commit_hash="aaaaaa"),
            service.request("DELETE", f"/v1/contributions/{damaged['id']}", headers=KEY),
        ]
        for answer in answers:
            problem = assert_problem(answer, 500, "internal")
            assert problem["detail"] == "An unexpected error; nothing was acknowledged"
        # The others are as they were.
        assert service.get(f"/v1/contributions/{sound['id']}", headers=KEY).get_json() == sound
        assert service.track(commit_hash="cccccc").status_code == 201
