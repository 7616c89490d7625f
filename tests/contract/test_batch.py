"""Batches: many commits for few writes, each of them recorded once, an outcome for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.contribution import Commit, Outcome
from shared.domain.errors import Conflict, LedgerError, Unavailable, WasVoided
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_contributor
from tests.contract.reports import ledger_of, outcome_of, report
from tests.contract.spy import After, Before, Spy

REPOSITORY = Repository.parse("octo/repo")
RECORDED, REPLAYED = Outcome.RECORDED, Outcome.REPLAYED
AUTHORS = [f"author-{number}@example.com" for number in range(4)]


def commits(
    numbers: Iterable[int], authors: Sequence[str] = AUTHORS, **fields: Any
) -> list[Commit]:
    """A commit for each number, the authors taking turns."""
    return [
        parse(
            Commit,
            {
                "contributor_email": authors[number % len(authors)],
                "commit_hash": f"{number:06x}",
                "cost_amount": "0.30",
            }
            | fields,
        )
        for number in numbers
    ]


def record(ledger: Ledger, batch: Sequence[Commit]) -> Sequence[Recorded | Conflict]:
    return ledger.commits.record_all(REPOSITORY, batch, recorded_by="ci")


def outcomes(done: Iterable[Recorded | Conflict]) -> list[Outcome]:
    return [outcome_of(result) for result in done]


class TestOutcomes:
    def test_come_in_order_one_for_each_commit(self, ledger: Ledger, client: Client) -> None:
        someone_elses, voided, known = commits([1, 2, 3])
        record(ledger, [someone_elses, voided, known])
        ledger.voids.void("octo/repo@000002", voided_by="ops", reason=None)
        theft = commits([1], ["thief@example.com"])
        done = record(ledger, [*commits([9]), *theft, *commits([2]), *commits([3]), *commits([4])])
        assert outcomes(done) == [RECORDED, Outcome.CONFLICT, Outcome.VOIDED, REPLAYED, RECORDED]
        assert "thief@example.com" not in documents(client, "contributors")
        assert len(assert_balanced(client)) == 5

    def test_answer_what_is_kept(self, ledger: Ledger) -> None:
        [recorded] = record(ledger, commits([1], metadata={"has_tests": True}))
        kept = ledger.find.contribution("octo/repo@000001").stored
        assert recorded == Recorded(kept, replayed=False)
        [replayed] = record(ledger, commits([1], cost_amount="9"))
        assert replayed == Recorded(kept, replayed=True, differs=("cost_amount",))

    def test_of_a_voided_commit_name_the_contribution_to_correct(self, ledger: Ledger) -> None:
        record(ledger, commits([1]))
        contribution = ledger.voids.void(
            "octo/repo@000001", voided_by="ops", reason=None
        ).contribution
        [refused] = record(ledger, commits([1]))
        assert isinstance(refused, WasVoided)
        assert refused.contribution_id == contribution.id

    def test_of_an_empty_batch_are_none_and_cost_nothing(self, ledger: Ledger, spy: Spy) -> None:
        assert record(ledger, []) == []
        assert spy.calls == []


class TestACommitThatStandsInTheBatchTwice:
    def test_is_recorded_once_and_is_a_replay_of_itself(
        self, ledger: Ledger, client: Client
    ) -> None:
        twice = [*commits([0xABCDEF]), *commits([1]), *commits([0xABCDEF], commit_hash="ABCDEF")]
        assert outcomes(record(ledger, twice)) == [RECORDED, RECORDED, REPLAYED]
        assert len(assert_balanced(client)) == 2

    def test_is_a_conflict_where_it_names_another_author(
        self, ledger: Ledger, client: Client
    ) -> None:
        claims = [*commits([1], ["a@example.com"]), *commits([1], ["b@example.com"])]
        assert outcomes(record(ledger, claims)) == [RECORDED, Outcome.CONFLICT]
        assert list(documents(client, "contributors")) == ["a@example.com"]
        assert_balanced(client)

    def test_counts_as_it_stands_there_first(self, ledger: Ledger, client: Client) -> None:
        record(ledger, [*commits([1], cost_amount="1"), *commits([1], cost_amount="2")])
        [contribution] = assert_balanced(client).values()
        assert contribution["cost_micros"] == 1_000_000


class TestTheCost:
    @pytest.mark.parametrize("people", [1, 20, 500])
    def test_of_500_commits_is_one_commit(
        self, ledger: Ledger, spy: Spy, client: Client, people: int
    ) -> None:
        authors = [f"author-{number}@example.com" for number in range(people)]
        record(ledger, commits(range(1000, 1000 + people), authors))
        spy.forget()
        done = record(ledger, commits(range(500), authors))
        assert outcomes(done) == [RECORDED] * 500
        assert spy.methods == ["commit"]
        assert spy.calls[0].writes == 500 + people + 1
        assert len(assert_balanced(client)) == 500 + people

    def test_of_known_co_authors_is_one_commit(self, ledger: Ledger, spy: Spy) -> None:
        people = [{"email": email} for email in AUTHORS]
        record(ledger, commits([1], ["ada@example.com"], co_authors=people))
        spy.forget()
        record(ledger, commits([2, 3], ["ada@example.com"], co_authors=people))
        assert spy.methods == ["commit"]

    def test_of_co_authors_not_known_here_is_a_read_more(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        people = [{"email": email} for email in AUTHORS]
        record(ledger_of(client), commits([1], co_authors=people))
        spy.forget()
        record(ledger, commits([2, 3], co_authors=people))
        assert spy.methods == ["batch_get_documents", "commit"]

    def test_of_500_replays_is_one_read(self, ledger: Ledger, spy: Spy) -> None:
        record(ledger, commits(range(500)))
        spy.forget()
        assert outcomes(record(ledger, commits(range(500)))) == [REPLAYED] * 500
        assert spy.methods == ["commit", "batch_get_documents"]

    def test_of_new_people_and_a_new_repository_is_one_read(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        record(ledger, commits(range(300), [f"new-{number}@example.com" for number in range(300)]))
        assert spy.methods == ["commit", "batch_get_documents", "commit"]
        assert spy.calls[-1].writes == 300 + 300 + 1
        assert len(assert_balanced(client)) == 300

    @pytest.mark.parametrize(
        ("number", "metadata"),
        [(300, {"log": "\U0001f600" * 4000}), (70, {"n": [-1] * 5400})],
        ids=["emoji", "negative integers"],
    )
    def test_of_large_commits_is_as_many_requests_as_the_backend_takes(
        self, ledger: Ledger, spy: Spy, client: Client, number: int, metadata: dict[str, Any]
    ) -> None:
        large = commits(range(number), metadata=metadata)
        assert outcomes(record(ledger, large)) == [RECORDED] * number
        assert len(spy.methods) > 1 + 2
        assert spy.methods[:2] == ["commit", "batch_get_documents"]
        assert spy.methods[2:] == ["commit"] * (len(spy.calls) - 2)
        assert documents(client, "assets")["octo:repo"]["contribution_count"] == number

    def test_of_10_200_people_is_as_many_requests_as_the_backend_takes(
        self, ledger: Ledger, client: Client
    ) -> None:
        crowds = [
            parse(
                Commit,
                {
                    "contributor_email": f"a{crowd}@b",
                    "commit_hash": f"{crowd:06x}",
                    "co_authors": [{"email": f"c{crowd}-{number}@b"} for number in range(50)],
                },
            )
            for crowd in range(200)
        ]
        assert outcomes(record(ledger, crowds)) == [RECORDED] * 200
        assert documents(client, "assets")["octo:repo"]["contribution_count"] == 200


class TestCoAuthors:
    def test_share_each_commit_and_agents_get_nothing(self, ledger: Ledger, client: Client) -> None:
        people = [{"email": "bea@example.com"}, {"email": "coder@agents.example"}]
        record(ledger, commits(range(3), ["ada@example.com"], co_authors=people))
        kept = documents(client, "contributors")
        assert {
            email: (person["contribution_count"], person["total_cost_micros"])
            for email, person in kept.items()
        } == {
            "ada@example.com": (3, 450_000),
            "bea@example.com": (3, 450_000),
            "coder@agents.example": (3, 0),
        }
        assert kept["coder@agents.example"]["contributor_type"] == "AGENT"
        assert_balanced(client)

    def test_have_the_type_that_is_kept_of_them(self, ledger: Ledger, client: Client) -> None:
        new_contributor(ledger, "looks@human.example", type="AGENT")
        new_contributor(ledger, "person@agents.example", type="HUMAN")
        people = [{"email": "looks@human.example"}, {"email": "person@agents.example"}]
        record(ledger, commits([1], co_authors=people))
        [contribution] = assert_balanced(client).values()
        assert [credit["share_micros"] for credit in contribution["credits"]] == [
            150_000,
            0,
            150_000,
        ]

    def test_who_are_authors_elsewhere_in_the_batch_are_one_person(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, commits(range(8), co_authors=[{"email": email} for email in AUTHORS]))
        people = documents(client, "contributors")
        assert [person["contribution_count"] for person in people.values()] == [8] * 4
        assert_balanced(client)


class TestAtOnce:
    def test_overlapping_batches_of_8_clients_give_exact_totals(
        self, open_client: OpenClient
    ) -> None:
        ledgers = [ledger_of(open_client()) for _ in range(8)]
        halves = cycle([range(60), range(30, 90)])
        batches = [commits(numbers) for _, numbers in zip(ledgers, halves, strict=False)]
        answers = at_once([partial(record, *pair) for pair in zip(ledgers, batches, strict=True)])
        done = [answer for answer in answers if not isinstance(answer, LedgerError)]
        assert len(done) == 8
        counted = Counter(outcome for answer in done for outcome in outcomes(answer))
        assert counted == {RECORDED: 90, REPLAYED: 8 * 60 - 90}
        client = open_client()
        assert len(assert_balanced(client)) == 90
        [asset] = documents(client, "assets").values()
        assert (asset["contribution_count"], asset["total_cost_micros"]) == (90, 27_000_000)

    def test_a_batch_and_single_reports_of_the_same_commits_count_each_once(
        self, open_client: OpenClient
    ) -> None:
        ledgers = [ledger_of(open_client()) for _ in range(4)]

        def single(ledger: Ledger) -> None:
            for number in range(20):
                changes = {"contributor_email": AUTHORS[number % 4], "repository": "octo/repo"}
                ledger.commits.record(report(f"{number:06x}", **changes), recorded_by="ci")

        def batch(ledger: Ledger) -> None:
            record(ledger, commits(range(20)))

        at_once([partial(task, one) for one, task in zip(ledgers, cycle([single, batch]))])
        assert len(assert_balanced(open_client())) == 20

    def test_commits_recorded_between_read_and_commit_are_replays(
        self, ledger: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        other = ledger_of(open_client())
        interrupted = iter([True])

        def meanwhile(_: float) -> None:
            if spy.methods[-1] == "commit" and next(interrupted, False):
                record(other, commits([1, 2]))

        spy.on_call = meanwhile
        assert outcomes(record(ledger, commits(range(4)))) == [
            RECORDED,
            REPLAYED,
            REPLAYED,
            RECORDED,
        ]
        assert len(assert_balanced(client)) == 4


class TestFaults:
    @pytest.mark.parametrize("fault", [Before, After])
    def test_that_pass_leave_each_commit_recorded_once(
        self, ledger: Ledger, spy: Spy, client: Client, fault: type[Before | After]
    ) -> None:
        spy.fail("batch_get_documents", Before(ServiceUnavailable("away")))
        spy.fail("commit", fault(Aborted("contended")), None, fault(ServiceUnavailable("away")))
        assert len(record(ledger, commits(range(600)))) == 600
        assert len(assert_balanced(client)) == 600

    def test_that_last_keep_what_was_recorded_and_the_rest_comes_next_time(
        self, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        seconds = [0.0]

        def sleep(pause: float) -> None:
            seconds[0] += pause

        ledger = ledger_of(client, timing=Timing(monotonic=lambda: seconds[0], sleep=sleep))
        large = commits(range(600), metadata={"log": "x" * 2000})
        record(ledger, commits(range(1000, 1004)))
        spy.forget()
        spy.fail("commit", None, *[Before(ServiceUnavailable("away"))] * 1000)
        with pytest.raises(Unavailable):
            record(ledger, large)
        assert seconds[0] <= 9
        kept = len(assert_balanced(client)) - 4
        assert kept == spy.calls[0].writes - len(AUTHORS) - 1
        assert 0 < kept < 600
        done = outcomes(record(ledger_of(open_client()), large))
        assert done == [REPLAYED] * kept + [RECORDED] * (600 - kept)
        assert len(assert_balanced(client)) == 604
