"""The rules by which a report's name and number lead to an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.number import Claim
from shared.domain.place import Account, Decision, Place, Situation
from shared.domain.repository import Repository

OLD, NEW = Repository("Octo", "Old"), Repository("octo", "new")
OCTO, EVIL = ("octo/*",), ("evil/*",)


def claim(number: int = 7, *patterns: str, proven: bool = False) -> Claim:
    return Claim(number, "ci", patterns, proven=proven)


def account(name: Repository = OLD, number: int | None = None, **changes: Any) -> Account:
    return replace(Account(name, name, number), **changes)


def decide(name: Repository, said: Claim, **there: Any) -> Decision:
    return replace(Situation(name, said, named=None, claims={}), **there).decide()


class TestTheName:
    @pytest.mark.parametrize("number", [None, 7])
    def test_leads_to_its_account_with_that_number_or_none(self, number: int | None) -> None:
        there = account(number=number)
        assert decide(OLD, claim(), named=there).place == Place(OLD, OLD)

    def test_that_is_unknown_leads_to_a_new_account_with_the_number(self) -> None:
        decision = decide(OLD, claim())
        assert (decision.place, decision.account, decision.number) == (Place(OLD, OLD), None, 7)

    def test_that_is_unknown_leads_to_the_accounts_of_the_number(self) -> None:
        there = account(number=7)
        decision = decide(NEW, claim(), claims={there: claim()})
        assert decision.place == Place(OLD, NEW)
        assert (decision.renamed, decision.claims) == (True, None)

    def test_of_an_account_with_another_number_leads_to_a_new_one(self) -> None:
        decision = decide(OLD, claim(8), named=account(number=7))
        assert decision.place == Place(Repository("Octo", "Old", 8), OLD)
        assert decision.place.account.key == "octo/old~8"

    def test_is_not_taken_from_it(self) -> None:
        other = account(NEW, 8)
        decision = decide(OLD, claim(8), named=account(number=7), claims={other: claim(8)})
        assert (decision.place, decision.renamed) == (Place(NEW, NEW), False)

    def test_of_one_that_is_kept_apart_already_leads_there(self) -> None:
        apart = account(Repository("octo", "old", 8), number=None)
        decision = decide(OLD, claim(8), named=account(number=7), apart=apart)
        assert (decision.account, decision.number) == (apart, 8)


# Whose claim is there, who reports the number under another name now, and whether that is a rename.
BELIEVED = [
    ((), (), True),
    (OCTO, OCTO, True),
    ((), OCTO, True),
    (OCTO, (), True),
    (OCTO, EVIL, False),
    (EVIL, OCTO, False),
    (EVIL, (), False),
    ((), EVIL, False),
    (("octo/old", "octo/new"), OCTO, True),
    (("octo/old",), OCTO, False),
    (OCTO, ("octo/new",), False),
]


@pytest.mark.parametrize(("there", "now", "is_rename"), BELIEVED)
def test_two_names_are_one_repository_where_both_speak_for_both(
    there: tuple[str, ...], now: tuple[str, ...], is_rename: bool
) -> None:
    decision = decide(NEW, claim(7, *now), claims={account(number=7): claim(7, *there)})
    assert decision.renamed == is_rename
    assert decision.place.account == (OLD if is_rename else NEW)


class TestTheWordOfGitHub:
    @pytest.mark.parametrize(("there", "is_rename"), [((), True), (OCTO, True), (EVIL, False)])
    def test_needs_the_agreement_of_a_key_that_came_first(
        self, there: tuple[str, ...], is_rename: bool
    ) -> None:
        first = account(number=7)
        decision = decide(NEW, claim(proven=True), claims={first: claim(7, *there)})
        assert decision.renamed == is_rename
        # Which is refuted where it does not agree, and proven where it does.
        assert decision.refuted == (() if is_rename else (first,))
        assert decision.claims == {(OLD if is_rename else NEW).key: claim(proven=True)}

    @pytest.mark.parametrize("now", [(), OCTO])
    def test_is_enough_for_a_key_that_speaks_for_the_shown_name(self, now: tuple[str, ...]) -> None:
        there = {account(number=7): claim(proven=True)}
        assert decide(NEW, claim(7, *now), claims=there).renamed

    def test_lets_no_other_claim_beside_it(self) -> None:
        there = {account(number=7): claim(proven=True)}
        mine = Repository("evil", "x")
        decision = decide(mine, claim(7, *EVIL), claims=there)
        assert decision == Decision(Place(mine, mine))

    def test_sets_the_number_of_an_account_right(self) -> None:
        there = account(number=5)
        decision = decide(OLD, claim(proven=True), named=there, its_claim=claim(5))
        assert (decision.account, decision.number, decision.given_up) == (there, 7, 5)

    @pytest.mark.parametrize(
        ("its_claim", "shown"), [(claim(5, proven=True), OLD), (claim(5), NEW)]
    )
    def test_is_about_another_repository_where_that_one_is_proven_or_has_moved_on(
        self, its_claim: Claim, shown: Repository
    ) -> None:
        there = account(number=5, shown=shown)
        decision = decide(OLD, claim(proven=True), named=there, its_claim=its_claim)
        assert decision.place.account.key == "octo/old~7"


class TestTheNumberOfAnAccount:
    def test_is_filled_in(self) -> None:
        decision = decide(OLD, claim(), named=account())
        assert (decision.number, decision.claims) == (7, {OLD.key: claim()})

    def test_is_not_where_another_account_has_it(self) -> None:
        other = account(NEW, 7)
        decision = decide(OLD, claim(), named=account(), claims={other: claim()})
        assert (decision.number, decision.twin) == (None, other)

    @pytest.mark.parametrize(
        ("there", "now", "kept"),
        [
            (claim(7, *OCTO), claim(7, *OCTO), None),
            (claim(7, *OCTO), claim(), {OLD.key: claim()}),
            (claim(), claim(7, *OCTO), None),
            (claim(), claim(proven=True), {OLD.key: claim(proven=True)}),
            (claim(proven=True), claim(), None),
        ],
    )
    def test_has_the_word_that_counts_most(
        self, there: Claim, now: Claim, kept: dict[str, Claim] | None
    ) -> None:
        first = account(number=7)
        assert decide(OLD, now, named=first, claims={first: there}).claims == kept

    def test_goes_by_the_widest_word_of_several(self) -> None:
        mine, theirs = account(Repository("acme", "x"), 7), account(number=7)
        claims = {mine: claim(7, "acme/*"), theirs: claim()}
        assert decide(Repository("acme", "y"), claim(), claims=claims).account == theirs
