"""How many calls recording makes, and that each is bounded and tried once by the client."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.errors import Conflict
from shared.store.ledger import Ledger
from tests.contract.reports import ledger_of, report
from tests.contract.spy import Spy


@pytest.fixture
def steady(ledger: Ledger, spy: Spy) -> Ledger:
    """A ledger that knows the people and the repository; nothing is noted yet."""
    people = [{"email": "b@x.org"}, {"email": "c@x.org"}]
    for commit_hash in ("000001", "000002"):
        record(ledger, commit_hash, co_authors=people)
    spy.forget()
    return ledger


def record(ledger: Ledger, commit_hash: str, **changes: Any) -> Any:
    return ledger.commits.record(report(commit_hash, **changes), recorded_by="ci")


def test_a_new_commit_of_known_people_is_one_commit_and_nothing_else(
    steady: Ledger, spy: Spy
) -> None:
    record(steady, "abc123")
    assert spy.methods == ["commit"]


def test_a_commit_has_four_writes(steady: Ledger, spy: Spy) -> None:
    record(steady, "abc123")
    assert [call.writes for call in spy.calls] == [4]


def test_a_commit_with_known_co_authors_has_two_writes_and_two_for_each_person(
    steady: Ledger, spy: Spy
) -> None:
    record(steady, "abc123", co_authors=[{"email": "b@x.org"}, {"email": "c@x.org"}])
    assert spy.methods == ["commit"]
    assert [call.writes for call in spy.calls] == [2 + 2 * 3]


def test_a_replay_is_one_commit_and_one_read(steady: Ledger, spy: Spy) -> None:
    assert record(steady, "000001").replayed
    assert spy.methods == ["commit", "batch_get_documents"]


def test_a_replay_with_co_authors_is_no_more(steady: Ledger, spy: Spy) -> None:
    people = [{"email": "b@x.org"}, {"email": "c@x.org"}]
    assert record(steady, "000001", co_authors=people).replayed
    assert spy.methods == ["commit", "batch_get_documents"]


def test_a_conflict_is_one_commit_one_read_and_one_look_at_who_is_one_person(
    steady: Ledger, spy: Spy
) -> None:
    with pytest.raises(Conflict):
        record(steady, "000001", contributor_email="b@x.org")
    assert spy.methods == ["commit", "batch_get_documents", "run_query"]


def test_a_brand_new_repository_is_a_read_and_a_commit(ledger: Ledger, spy: Spy) -> None:
    record(ledger, "abc123")
    assert spy.methods == ["batch_get_documents", "commit"]
    assert [call.documents for call in spy.calls] == [0, 0]


def test_a_new_person_in_a_known_repository_is_a_read_and_a_commit(
    steady: Ledger, spy: Spy
) -> None:
    record(steady, "abc123", contributor_email="new@x.org")
    assert spy.methods == ["batch_get_documents", "commit"]


def test_co_authors_not_seen_before_are_read_first_and_remembered(steady: Ledger, spy: Spy) -> None:
    instance = ledger_of(spy.client)
    people = [{"email": "b@x.org"}, {"email": "c@x.org"}]
    record(instance, "aaaaaa", co_authors=people)
    assert spy.methods == ["batch_get_documents", "commit"]
    spy.forget()
    record(instance, "bbbbbb", co_authors=people)
    assert spy.methods == ["commit"]


def test_every_call_has_a_timeout_and_no_retry_of_the_clients(ledger: Ledger, spy: Spy) -> None:
    record(ledger, "aaaaaa")
    record(ledger, "aaaaaa", co_authors=[{"email": "b@x.org"}])
    ledger.probe.ready()
    for call in spy.calls:
        assert call.timeout is not None
        assert not call.retry._predicate(ConnectionError())
