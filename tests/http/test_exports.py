"""Lists as tables: whole or visibly not, masked as every read, and never more than is asked for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from google.api_core.exceptions import ServiceUnavailable
from werkzeug.test import TestResponse

from shared.embedded import EmbeddedFirestore
from shared.web.stream_bounds import StreamBounds
from tests.contract.fake_time import FakeTime
from tests.contract.spy import Before, Spy
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

ASSET, PERSON = "/v1/assets/seeker71/coherence-network", "/v1/contributors/0@example.com"
LISTS = [
    "/v1/contributions",
    "/v1/contributors",
    "/v1/assets",
    "/v1/months",
    f"{ASSET}/contributions",
    f"{ASSET}/contributors",
    f"{ASSET}/months",
    f"{PERSON}/contributions",
    f"{PERSON}/assets",
    f"{PERSON}/months",
    f"/v1/contributions?repository=seeker71/coherence-network&commit_hash={1:06x}",
    f"/v1/contributions?commit_hash={1:06x}",
    "/v1/assets?name=seeker",
    "/v1/contributors?email=1",
]


@pytest.fixture
def recorded(service: Service) -> Service:
    """Three commits by two people in two months, with a co-author."""
    for number in range(3):
        service.track(
            commit_hash=f"{number:06x}",
            contributor_email=f"{number % 2}@example.com",
            contributor_name=f"Zoë {number % 2} = Ł",
            co_authors=[{"email": "co@example.com"}] if number == 1 else [],
            timestamp=f"2020-0{number % 2 + 1}-03T00:00:00Z",
            cost_amount="10.01",
        )
    return service


def with_form(path: str, form: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}format={form}"


def csv_rows(answer: TestResponse) -> tuple[list[dict[str, str]], str]:
    """The rows, and the last line."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "text/csv; charset=utf-8"
    text = answer.get_data().decode("utf-8-sig")
    head, *lines, [last] = csv.reader(io.StringIO(text, newline=""))
    answer.close()
    return [dict(zip(head, line, strict=True)) for line in lines], last


def json_rows(answer: TestResponse) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows, and the object in the end."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "application/x-ndjson"
    *rows, last = map(json.loads, answer.get_data(as_text=True).splitlines())
    return rows, last


def cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def all_parts(service: Service, path: str) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Each part of a table, its rows and its length, to the end."""
    onward = path
    for _ in range(20):
        answer = service.get(onward, headers=KEY)
        rows, last = json_rows(answer)
        yield rows, len(answer.get_data())
        if "complete" in last:
            assert last == {"complete": len(rows)}
            return
        onward = f"{path}&page_token={quote(last['continues'])}"
    raise AssertionError("the parts go round in circles")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("headers", [KEY, {}], ids=["with a key", "masked"])
def test_a_table_holds_what_the_list_does(
    recorded: Service, path: str, headers: dict[str, str]
) -> None:
    answer = recorded.get(path, headers=headers)
    if answer.status_code == 401:
        for form in ("csv", "ndjson"):
            asked = recorded.get(with_form(path, form), headers=headers)
            assert_problem(asked, 401, "unauthenticated")
        return
    shown = answer.get_json()
    assert shown
    rows, last = json_rows(recorded.get(with_form(path, "ndjson"), headers=headers))
    assert (rows, last) == (shown, {"complete": len(shown)})
    lines, end = csv_rows(recorded.get(with_form(path, "csv"), headers=headers))
    assert lines == [{name: cell(value) for name, value in row.items()} for row in shown]
    assert end == f"# complete: {len(shown)} rows"


@pytest.mark.parametrize("path", LISTS)
def test_a_table_of_nothing_has_its_head(service: Service, path: str) -> None:
    path = path.replace("0@example.com", "test@example.com")
    if "{" not in path and path.startswith((ASSET, "/v1/contributors/")):
        service.track()
        service.request(
            "DELETE", "/v1/contributions/seeker71/coherence-network@abc123", headers=KEY
        )
    rows, last = csv_rows(service.get(with_form(path, "csv"), headers=KEY))
    assert (rows, last) == ([], "# complete: 0 rows")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_accept_decides_on_the_form(recorded: Service, accept: str, media_type: str) -> None:
    answer = recorded.get("/v1/contributions", headers={"Accept": accept})
    assert answer.mimetype == media_type
    assert answer.headers["Vary"] == "X-API-Key, Authorization, Accept"
    stored = answer.headers["Cache-Control"] != "no-store"
    assert stored == (media_type == "application/json")


class TestWithoutAKey:
    def test_a_table_is_one_page(self, recorded: Service) -> None:
        path = "/v1/contributions?format=ndjson&limit=2"
        rows, last = json_rows(recorded.get(path))
        assert [row["commit_hash"] for row in rows] == ["000001", "000002"]
        rows, last = json_rows(recorded.get(f"{path}&page_token={quote(last['continues'])}"))
        assert ([row["commit_hash"] for row in rows], last) == (["000000"], {"complete": 1})

    def test_a_page_is_no_longer_than_others(self, service: Service) -> None:
        for number in range(101):
            service.track(commit_hash=f"{number:06x}")
        rows, last = csv_rows(service.get("/v1/contributions?format=csv&limit=1000"))
        assert len(rows) == 100
        assert last.startswith("# continues: page_token=")


class TestWithAKey:
    @pytest.fixture(autouse=True)
    def small_pages(self, recorded: Service) -> None:
        recorded.services.streams = StreamBounds(page=1)

    def test_a_table_goes_on_to_the_end(self, recorded: Service) -> None:
        rows, last = json_rows(recorded.get("/v1/contributions?format=ndjson", headers=KEY))
        assert [row["commit_hash"] for row in rows] == ["000001", "000002", "000000"]
        assert last == {"complete": 3}

    def test_a_limit_ends_it(self, recorded: Service) -> None:
        path = "/v1/contributions?format=ndjson&limit=2"
        assert [len(rows) for rows, _ in all_parts(recorded, path)] == [2, 1]

    @pytest.mark.parametrize("most", [1, 900, 1500, 2500])
    def test_it_ends_before_it_is_too_long_and_goes_on_where_it_ended(
        self, recorded: Service, most: int
    ) -> None:
        recorded.services.streams = StreamBounds(page=2, bytes=most)
        parts = list(all_parts(recorded, "/v1/contributions?format=ndjson"))
        hashes = [row["commit_hash"] for rows, _ in parts for row in rows]
        assert hashes == ["000001", "000002", "000000"]
        # Besides the last line; a single row stands whole.
        assert all(length - 200 <= most or len(rows) == 1 for rows, length in parts)

    def test_no_page_is_read_when_its_time_is_up(self, store: EmbeddedFirestore) -> None:
        time, spy = FakeTime(), Spy(store.client())
        service = Service(lambda: spy.client, timing=time.timing)
        service.services.streams = StreamBounds(page=1)

        def slowly(_: float) -> None:
            time.now += 8.0

        path = "/v1/contributions?format=ndjson"
        recorded_before = len(json_rows(service.get(path, headers=KEY))[0])
        spy.on_call = slowly
        # Each page has the time of a request, and all of them together that of a table.
        assert [len(rows) for rows, _ in all_parts(service, path)] == [3]
        service.services.streams = StreamBounds(page=1, reads_for=10.0)
        assert [len(rows) for rows, _ in all_parts(service, path)] == [2, 1]
        assert recorded_before == 3

    def test_a_page_that_is_longer_than_all_before_it_is_left_to_the_next_part(
        self, recorded: Service
    ) -> None:
        note = {"note": "x" * 5000}
        recorded.track(commit_hash="aaaaaa", timestamp="2019-01-01T00:00:00Z", metadata=note)
        recorded.services.streams = StreamBounds(page=1, bytes=4000)
        parts = list(all_parts(recorded, "/v1/contributions?format=ndjson"))
        assert [len(rows) for rows, _ in parts] == [3, 1]

    def test_all_that_a_page_asks_for_has_the_time_of_a_request_together(
        self, store: EmbeddedFirestore
    ) -> None:
        time, spy = FakeTime(), Spy(store.client())
        service = Service(lambda: spy.client, timing=time.timing)
        service.services.streams = StreamBounds(page=1)
        path = f"{ASSET}/contributors?format=ndjson"
        answer = service.get(path, headers=KEY, buffered=False)

        def slowly(_: float) -> None:
            time.now += 10.0

        spy.on_call = slowly
        # The parts, then whose they are.
        _, last = json_rows(answer)
        assert last["failed"] == "unavailable"

    def test_only_so_many_go_on_at_a_time(self, recorded: Service) -> None:
        recorded.services.streams = bounds = StreamBounds(page=1, at_once=1)
        path = "/v1/contributions?format=ndjson"
        answer = recorded.get(path, headers=KEY, buffered=False)
        parts = iter(answer.response)
        for _ in range(3):
            next(parts)
        assert [len(rows) for rows, _ in all_parts(recorded, path)] == [1, 1, 1]
        # Whoever hangs up makes room, too.
        answer.close()
        assert [len(rows) for rows, _ in all_parts(recorded, path)] == [3]
        assert bounds.enter()


class TestAnErrorOnTheWay:
    @pytest.fixture
    def faulty(self, recorded: Service, store: EmbeddedFirestore) -> tuple[Service, Spy]:
        spy = Spy(store.client())
        service = Service(lambda: spy.client, timing=FakeTime().timing)
        service.services.streams = StreamBounds(page=1)
        return service, spy

    @pytest.mark.parametrize(
        ("error", "code", "status"),
        [(ServiceUnavailable("away"), "unavailable", 503), (RuntimeError("oh"), "internal", 500)],
    )
    def test_is_told_in_the_last_line_and_in_the_log(
        self, faulty: tuple[Service, Spy], error: Exception, code: str, status: int
    ) -> None:
        service, spy = faulty
        spy.fail("run_query", None, *[Before(error)] * 1000)
        rows, last = csv_rows(service.get("/v1/contributions?format=csv", headers=KEY))
        assert len(rows) == 1
        assert last.startswith(f"# failed: {code} page_token=")
        line = json.loads(service.logged[-1])
        assert line["outcome"] == "failed"
        assert (line["code"], line["httpRequest"]["status"], line["rows"]) == (code, status, 1)
        assert ("error" in line) == (code == "internal")
        # Where it went on, had it gone on.
        spy._faults.clear()
        token = last.partition("page_token=")[2]
        path = f"/v1/contributions?format=csv&page_token={quote(token)}"
        rows, last = csv_rows(service.get(path, headers=KEY))
        assert (len(rows), last) == (2, "# complete: 2 rows")

    def test_of_the_first_page_is_a_problem(self, faulty: tuple[Service, Spy]) -> None:
        service, spy = faulty
        spy.fail("run_query", *[Before(ServiceUnavailable("away"))] * 1000)
        answer = service.get("/v1/contributions?format=csv", headers=KEY)
        assert_problem(answer, 503, "unavailable")


class TestTheLog:
    def test_has_one_line_when_a_table_has_ended(self, recorded: Service) -> None:
        recorded.logged.clear()
        answer = recorded.get("/v1/contributions?format=csv", headers=KEY, buffered=False)
        assert recorded.logged == []
        answer.get_data()
        answer.close()
        [line] = map(json.loads, recorded.logged)
        assert line["message"] == "GET /v1/contributions 200 complete"
        assert (line["rows"], line["caller"]) == (3, "ci")

    def test_tells_what_was_cut_off(self, recorded: Service) -> None:
        recorded.services.streams = StreamBounds(page=1)
        answer = recorded.get("/v1/contributions?format=csv", headers=KEY, buffered=False)
        next(iter(answer.response))
        answer.close()
        assert json.loads(recorded.logged[-1])["outcome"] == "cut"


@pytest.mark.parametrize(
    "path", ["/v1/contributions?format=xml", "/v1/months?format=pdf", "/v1/assets?format="]
)
def test_another_form_is_refused(service: Service, path: str) -> None:
    assert_problem(service.get(path), 422, "invalid")


class TestRowsOfCredits:
    def test_are_one_each_with_the_cost_in_the_author_s(self, recorded: Service) -> None:
        path = "/v1/contributions?format=csv&rows=credits"
        rows, last = csv_rows(recorded.get(path, headers=KEY))
        assert last == "# complete: 4 rows"
        told = [
            (r["month"], r["email"], r["role"], r["share_amount"], r["cost_amount"]) for r in rows
        ]
        assert told == [
            ("2020-02", "1@example.com", "author", "5.005", "10.01"),
            ("2020-02", "co@example.com", "co_author", "5.005", ""),
            ("2020-01", "0@example.com", "author", "10.01", "10.01"),
            ("2020-01", "0@example.com", "author", "10.01", "10.01"),
        ]
        shares, costs = (
            sum(Decimal(row[name] or 0) for row in rows) for name in ("share_amount", "cost_amount")
        )
        assert shares == costs == Decimal("30.03")

    def test_go_with_filters_and_are_masked(self, recorded: Service) -> None:
        path = f"{ASSET}/contributions?format=ndjson&rows=credits&month=2020-02"
        rows, last = json_rows(recorded.get(path))
        assert [row["email"] for row in rows] == ["***@example.com", "c***@example.com"]
        assert last == {"complete": 2}

    @pytest.mark.parametrize("query", ["rows=credits", "format=csv&rows=months", "rows="])
    def test_are_rows_of_contributions_in_tables(self, recorded: Service, query: str) -> None:
        assert_problem(recorded.get(f"/v1/contributions?{query}"), 422, "invalid")


@pytest.mark.parametrize("path", ["/v1/contributors", f"{ASSET}/contributors"])
class TestRowsOfMonths:
    def test_are_one_for_each_person_and_month(self, recorded: Service, path: str) -> None:
        recorded.track(commit_hash="aaaaaa", contributor_email="1@example.com", cost_amount=1)
        rows, last = csv_rows(recorded.get(f"{path}?format=csv&rows=months", headers=KEY))
        assert last == f"# complete: {len(rows)} rows"
        names = ("month", "email", "name", "contribution_count", "total_cost")
        assert sorted(tuple(row[name] for name in names) for row in rows) == [
            ("2020-01", "0@example.com", "Zoë 0 = Ł", "2", "20.02"),
            ("2020-02", "1@example.com", "Zoë 1 = Ł", "1", "5.005"),
            ("2020-02", "co@example.com", "co", "1", "5.005"),
            ("2020-05", "1@example.com", "Zoë 1 = Ł", "1", "1.00"),
        ]

    def test_of_joined_people_are_their_sums(self, recorded: Service, path: str) -> None:
        for further in ("1@example.com", "co@example.com"):
            recorded.post("/v1/contributors/0@example.com/aliases", {"email": further})
        rows, _ = json_rows(recorded.get(f"{path}?format=ndjson&rows=months", headers=KEY))
        assert [(row["month"], row["email"], row["total_cost"]) for row in rows] == [
            ("2020-01", "0@example.com", "20.02"),
            ("2020-02", "0@example.com", "10.01"),
        ]

    def test_leave_out_what_was_voided(self, recorded: Service, path: str) -> None:
        voided = f"/v1/contributions/seeker71/coherence-network@{1:06x}"
        recorded.request("DELETE", voided, headers=KEY)
        rows, _ = json_rows(recorded.get(f"{path}?format=ndjson&rows=months", headers=KEY))
        assert [(row["month"], row["email"]) for row in rows] == [("2020-01", "0@example.com")]

    def test_are_masked(self, recorded: Service, path: str) -> None:
        rows, _ = csv_rows(recorded.get(f"{path}?format=csv&rows=months"))
        # A name that was only taken from the address is hidden with it.
        assert {(row["email"], row["name"]) for row in rows} == {
            ("***@example.com", "Zoë 0 = Ł"),
            ("***@example.com", "Zoë 1 = Ł"),
            ("c***@example.com", "c***"),
        }
        _, last = csv_rows(recorded.get(f"{path}?format=csv&rows=months&limit=2"))
        assert last.startswith("# continues: ")

    def test_are_being_built_where_an_older_version_wrote(
        self, recorded: Service, path: str
    ) -> None:
        connection = recorded.services.ledger.connection
        for account in ("assets/seeker71:coherence-network", "contributors/0@example.com"):
            connection.client.document(account).update({"last_contribution_at": None}, timeout=10)
        answer = recorded.get(f"{path}?format=csv&rows=months", headers=KEY)
        assert_problem(answer, 503, "being_built")

    @pytest.mark.parametrize("query", ["rows=months", "format=csv&rows=credits"])
    def test_are_rows_of_people_in_tables(self, recorded: Service, path: str, query: str) -> None:
        assert_problem(recorded.get(f"{path}?{query}", headers=KEY), 422, "invalid")


def test_a_search_has_no_rows_of_months(service: Service) -> None:
    path = "/v1/contributors?name=a&format=csv&rows=months"
    assert_problem(service.get(path, headers=KEY), 422, "invalid")
