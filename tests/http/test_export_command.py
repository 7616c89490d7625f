"""`make export`: a whole list as a file, or no file, whatever happens on the way."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.commands.errors import CommandError
from shared.commands.export import Export, path_of, write
from shared.commands.service import Reply
from shared.web.stream_bounds import StreamBounds
from tests.http.framework import KEY, Service

AWAY = Reply(503, {}, {"code": "unavailable", "detail": "Firestore is away"})
BEING_BUILT = Reply(503, {}, {"code": "being_built", "detail": "Not counted yet"})
REFUSED = Reply(401, {}, {"code": "unauthenticated", "detail": "The API key is not valid"})


class Getting:
    """Gets from the service; `faults` are what comes instead, by how many were asked for before."""

    def __init__(self, service: Service, faults: dict[int, Any] | None = None) -> None:
        self.service = service
        self.faults = faults or {}
        self.asked = 0
        self.said: list[str] = []
        self.slept = 0
        self.headers = KEY

    @contextmanager
    def __call__(self, url: str) -> Iterator[tuple[Reply, Iterator[bytes]]]:
        fault = self.faults.get(self.asked)
        self.asked += 1
        if isinstance(fault, Reply):
            yield fault, iter(())
            return
        answer = self.service.get(url, headers=self.headers)
        data = answer.get_data()
        yield Reply(answer.status_code), iter((fault(data) if fault else data).splitlines(True))

    def sleep(self, _: float) -> None:
        self.slept += 1

    def export(self, target: Path, path: str = "/v1/contributions", **query: str) -> int:
        return write(Export(self, self.said.append, self.sleep), path, query, target)


@pytest.fixture
def filled(service: Service) -> Service:
    """Seven contributions, two in each answer."""
    for number in range(7):
        service.track(commit_hash=f"{number:06x}", contributor_name=f'Zoë "{number}", Ł')
    service.services.streams = StreamBounds(page=2, bytes=1)
    return service


def hashes(file: Path) -> list[str]:
    if file.suffix == ".csv":
        rows = csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline=""))
        return [row["commit_hash"] for row in rows]
    return [json.loads(line)["commit_hash"] for line in file.read_text("utf-8").splitlines()]


ALL = [f"{number:06x}" for number in range(7)]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
class TestAFile:
    def test_holds_the_whole_list_once_and_one_head(
        self, filled: Service, tmp_path: Path, form: str
    ) -> None:
        file = tmp_path / f"all.{form}"
        getting = Getting(filled)
        assert getting.export(file, format=form) == 7
        assert sorted(hashes(file)) == ALL
        assert getting.asked > 3
        assert getting.said[-1] == "7 rows"
        assert list(tmp_path.iterdir()) == [file]

    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param(AWAY, id="refused for now"),
            pytest.param(Reply(0, reason="reset"), id="no answer"),
            pytest.param(lambda _: b"", id="cut off at once"),
            pytest.param(lambda data: data[: len(data) // 2], id="cut off half way"),
            pytest.param(lambda data: data[: data.rindex(b"continues")], id="cut off in the end"),
        ],
    )
    @pytest.mark.parametrize("at", [0, 2])
    def test_holds_it_whatever_is_cut_off_on_the_way(
        self, filled: Service, tmp_path: Path, form: str, fault: Any, at: int
    ) -> None:
        file = tmp_path / f"all.{form}"
        getting = Getting(filled, {at: fault})
        assert getting.export(file, format=form) == 7
        assert sorted(hashes(file)) == ALL
        assert getting.slept == 1

    def test_goes_on_behind_what_came_before_an_error(
        self, filled: Service, tmp_path: Path, form: str
    ) -> None:
        def fail(data: bytes) -> bytes:
            failed = data.replace(b"# continues:", b"# failed: unavailable")
            return failed.replace(b'{"continues"', b'{"failed":"unavailable","continues"')

        file = tmp_path / f"all.{form}"
        getting = Getting(filled, {1: fail})
        assert getting.export(file, format=form) == 7
        assert sorted(hashes(file)) == ALL
        assert getting.slept == 1

    @pytest.mark.parametrize(
        ("fault", "tries"),
        [(REFUSED, 1), (BEING_BUILT, 1), (AWAY, 12)],
        ids=["401", "built", "503"],
    )
    def test_is_not_there_where_it_cannot_be_whole(
        self, filled: Service, tmp_path: Path, form: str, fault: Reply, tries: int
    ) -> None:
        file = tmp_path / f"all.{form}"
        file.write_text("of before")
        getting = Getting(filled, dict.fromkeys(range(2, 99), fault))
        with pytest.raises(CommandError, match=str(fault.body["code"])):
            getting.export(file, format=form)
        assert getting.asked == 2 + tries
        assert file.read_text() == "of before"
        assert list(tmp_path.iterdir()) == [file]


def test_a_file_without_a_key_is_whole_and_masked(filled: Service, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    getting = Getting(filled)
    getting.headers = {}
    assert getting.export(file, format="csv", rows="credits") == 7
    text = file.read_text("utf-8-sig")
    assert "t***@example.com" in text
    assert "test@example.com" not in text


def test_a_row_may_have_line_breaks(tmp_path: Path, service: Service) -> None:
    rows = b'\xef\xbb\xbfname\r\n"a\n# complete: 1 rows\r\n"\r\nb\r\n# complete: 2 rows\r\n'
    getting = Getting(service, {0: lambda _: rows})
    assert getting.export(tmp_path / "all.csv", format="csv") == 2


@pytest.mark.parametrize(
    ("kind", "repository", "path"),
    [
        ("contributions", "", "/v1/contributions"),
        ("contributors", "octo/hello", "/v1/assets/octo/hello/contributors"),
        ("assets", "", "/v1/assets"),
    ],
)
def test_a_kind_is_found_at_its_path(kind: str, repository: str, path: str) -> None:
    assert path_of(kind, repository) == path


@pytest.mark.parametrize(("kind", "repository"), [("assets", "octo/hello"), ("contributions", "x")])
def test_what_makes_no_sense_is_refused(kind: str, repository: str) -> None:
    with pytest.raises(CommandError, match="REPOSITORY"):
        path_of(kind, repository)


def test_a_file_that_cannot_be_written_is_told(service: Service, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        Getting(service).export(tmp_path / "none" / "all.csv", format="csv")
