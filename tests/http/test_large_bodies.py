"""Large bodies take turns, so that many at once do not fill the memory; small ones do not wait."""

from __future__ import annotations

from typing import Any
from weakref import ref

import pytest

from shared.domain.errors import InvalidInput, Unavailable
from shared.web.large_bodies import LARGE, LargeBodies
from tests.http.framework import Service
from tests.http.problems import assert_problem

BATCH = "/v1/contributions/github/batch"


def batch(length: int) -> dict[str, Any]:
    """A batch of one commit, and of some length."""
    filler = {"contributor_email": "x" * length, "commit_hash": "abc124"}
    good = {"contributor_email": "ada@example.com", "commit_hash": "abc123"}
    return {"repository": "octo/repo", "commits": [good, filler]}


@pytest.fixture
def service(service: Service) -> Service:
    service.services.large_bodies = LargeBodies(1, patience=0)
    return service


def test_a_large_batch_waits_its_turn_and_a_small_one_does_not(service: Service) -> None:
    with service.services.large_bodies.turn(LARGE):
        assert_problem(service.post(BATCH, batch(LARGE)), 503, "unavailable")
        assert service.post(BATCH, batch(10)).get_json()["counts"]["recorded"] == 1
    assert service.post(BATCH, batch(LARGE)).get_json()["counts"]["replayed"] == 1


def test_one_that_is_larger_than_all_that_may_be_worked_on_is_alone() -> None:
    large_bodies = LargeBodies(2 * LARGE, patience=0)
    with large_bodies.turn(LARGE), large_bodies.turn(LARGE):
        pass
    with large_bodies.turn(9 * LARGE), pytest.raises(Unavailable), large_bodies.turn(LARGE):
        pass
    with large_bodies.turn(LARGE), pytest.raises(Unavailable), large_bodies.turn(9 * LARGE):
        pass
    with large_bodies.turn(9 * LARGE):
        pass


def test_a_turn_is_given_back_after_a_fault(service: Service) -> None:
    for _ in range(3):
        assert service.post(BATCH, "x" * LARGE).status_code == 422


def test_what_was_made_of_a_body_is_gone_when_its_turn_ends_in_an_error() -> None:
    made = []

    def refuse() -> None:
        parsed = {"of a kind that has weak references"}
        made.append(ref(parsed))
        try:
            raise ValueError
        except ValueError:
            raise InvalidInput.at("", "must be a JSON object") from None

    with pytest.raises(InvalidInput) as kept, LargeBodies().turn(LARGE):
        refuse()
    assert kept.value.__traceback__
    assert [reference() for reference in made] == [None]
