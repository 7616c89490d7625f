"""GET /v1/assets/{asset}/distribution: how an amount would be shared out."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem
from tests.literals import ASSET_ID, REPORT

PATH = f"/v1/assets/{REPORT['repository']}/distribution"
ADA, BEA, BOT = "ada@example.com", "bea@example.com", "1+b[bot]@users.noreply.github.com"


@pytest.fixture(autouse=True)
def recorded(service: Service) -> dict[str, str]:
    """Weights of 150, 50 and 100; gives ids by address."""
    told: list[tuple[str, int, dict[str, Any]]] = [
        (ADA, 100, {"has_tests": True, "has_docs": True, "complexity": "low"}),
        (BEA, 50, {}),
        (BOT, 100, {}),
    ]
    return {
        email: service.track(
            contributor_email=email,
            contributor_name=f"=1+1 {number}" if email == ADA else None,
            commit_hash=f"{number:06x}",
            cost_amount=cost,
            metadata=metadata,
            timestamp=f"2020-0{number + 1}-15T12:00:00Z",
        ).get_json()["contributor_id"]
        for number, (email, cost, metadata) in enumerate(told)
    }


def ask(service: Service, query: str, **options: Any) -> Any:
    answer = service.get(f"{PATH}?{query}", **{"headers": KEY} | options)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def amounts(distribution: Any) -> list[tuple[str, str, str]]:
    return [(line["email"], line["weight"], line["amount"]) for line in distribution["lines"]]


def test_tells_who_would_get_how_much(service: Service, recorded: dict[str, str]) -> None:
    shown = ask(service, "amount=1000.01")
    assert shown.pop("as_of").endswith("Z")
    assert shown == {
        "asset_id": ASSET_ID,
        "amount": "1000.01",
        "policy": "cost-x-coherence/1",
        "until": None,
        "lines": [
            {
                "contributor_id": recorded[ADA],
                "email": ADA,
                "name": "=1+1 0",
                "contributor_type": "HUMAN",
                "weight": "150.00",
                "amount": "750.0075",
            },
            {
                "contributor_id": recorded[BEA],
                "email": BEA,
                "name": "bea",
                "contributor_type": "HUMAN",
                "weight": "50.00",
                "amount": "250.0025",
            },
        ],
        "undistributed": "0.00",
    }


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("amount=0", [(ADA, "150.00", "0.00"), (BEA, "50.00", "0.00")]),
        (
            "amount=0.000001&include=all",
            [(ADA, "150.00", "0.000001"), (BOT, "100.00", "0.00"), (BEA, "50.00", "0.00")],
        ),
        ("amount=90&policy=cost/1", [(ADA, "100.00", "60.00"), (BEA, "50.00", "30.00")]),
        ("amount=90&policy=cost%2F1&until=2020-01", [(ADA, "100.00", "90.00")]),
    ],
)
def test_goes_by_what_is_asked(
    service: Service, query: str, lines: list[tuple[str, str, str]]
) -> None:
    assert amounts(ask(service, query)) == lines


def test_leaves_all_undistributed_where_nobody_has_a_weight(service: Service) -> None:
    shown = ask(service, "amount=12.50&until=2019-12")
    assert (shown["lines"], shown["undistributed"], shown["until"]) == ([], "12.50", "2019-12")


def test_is_found_by_id_too_and_of_nothing_is_404(service: Service) -> None:
    assert service.get(f"/v1/assets/{ASSET_ID}/distribution?amount=1").status_code == 200
    assert_problem(service.get("/v1/assets/octo/none/distribution?amount=1"), 404, "not_found")


def test_is_masked_for_who_has_no_key(service: Service) -> None:
    ada, bea = ask(service, "amount=1", headers={})["lines"]
    assert (ada["email"], ada["name"]) == ("a***@example.com", "=1+1 0")
    # Only taken from the address.
    assert (bea["email"], bea["name"]) == ("b***@example.com", "b***")


def test_is_a_table_that_no_spreadsheet_runs(service: Service, recorded: dict[str, str]) -> None:
    answer = service.get(f"{PATH}?amount=100&format=csv", headers=KEY)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows, last = csv.reader(answer.get_data().decode("utf-8-sig").splitlines())
    assert head == ["contributor_id", "email", "name", "contributor_type", "weight", "amount"]
    assert rows == [
        [recorded[ADA], ADA, "'=1+1 0", "HUMAN", "150.00", "75.00"],
        [recorded[BEA], BEA, "bea", "HUMAN", "50.00", "25.00"],
    ]
    assert last == ["# complete: 2 rows"]
    masked = service.get(f"{PATH}?amount=100&format=csv").get_data(as_text=True)
    assert "a***@example.com" in masked
    assert ADA not in masked


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "?amount"),
        ("amount=", "?amount"),
        ("amount=-1", "?amount"),
        ("amount=1e3", "?amount"),
        ("amount=0.0000001", "?amount"),
        ("amount=10000001", "?amount"),
        ("amount=1&policy=cost", "?policy"),
        ("amount=1&until=2026", "?until"),
        ("amount=1&until=2026-13", "?until"),
        ("amount=1&include=bots", "?include"),
        ("amount=1&format=xml", "?format"),
        ("amount=1&limit=3", "?"),
    ],
)
def test_says_what_is_wrong_with_a_query(service: Service, query: str, pointer: str) -> None:
    problem = assert_problem(service.get(f"{PATH}?{query}"), 422, "invalid")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_among_more_than_a_thousand_needs_a_key(service: Service) -> None:
    for begin in (0, 500):
        commits = [
            {"contributor_email": f"p{n}@example.com", "commit_hash": f"{n + 2**32:x}"}
            for n in range(begin, begin + 500)
        ]
        batch = {"repository": REPORT["repository"], "commits": commits}
        assert service.post("/v1/contributions/github/batch", batch).status_code == 200
    assert_problem(service.get(f"{PATH}?amount=1"), 401, "unauthenticated")
    assert len(ask(service, "amount=1")["lines"]) == 1002
    # Nor is it answered from what was read for who has one.
    assert_problem(service.get(f"{PATH}?amount=1"), 401, "unauthenticated")
