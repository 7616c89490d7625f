"""What has to hold after every run, whatever met and whatever went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, combinations_with_replacement, permutations

from tests.contract.books import assert_sums
from tests.interleavings.asked import Answer
from tests.interleavings.orders import Schedule, one_after_the_other
from tests.interleavings.scenario import Run, Scenario
from tests.interleavings.stage import Fault, Stage

# After which a request cannot know whether it was carried out.
_UNSURE = {Fault.LOST, Fault.UNAVAILABLE}
_SUMMED = ("contributions", "contributors", "assets", "participations")


class Broken(AssertionError):
    """A law does not hold; `line` runs it again."""

    def __init__(self, law: str, scenario: Scenario, schedule: Schedule) -> None:
        self.law = law
        steps = " ".join(map(str, schedule))
        self.line = f"venv/bin/python -m tests.interleavings {scenario} {steps}"
        super().__init__(f"{law}\nTo run it again: {self.line}")


class Laws:
    """The laws of one scenario."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario = scenario
        self._stage = stage
        # What orders without faults come to, by the requests that take part.
        self._permitted: dict[tuple[Scenario, tuple[int, ...]], list[Run]] = {}
        # Documents whose sums are right, so that they need not be added up again.
        self._right: set[str] = set()

    def hold(self, schedule: Schedule, run: Run) -> None:
        """Raises `Broken`."""
        broken = (
            self._recorded_twice(run)
            or self._missing(run)
            or self._wrong_sum(run)
            or self._wrong_person(run)
            or self._wrong_name(run)
            or self._answered_amiss(schedule, run)
        )
        if broken:
            raise Broken(broken, self.scenario, schedule)

    def _recorded_twice(self, run: Run) -> str | None:
        """At most one answer says of a contribution that it was recorded."""
        told = Counter(
            contribution["id"]
            for answer in _given(run)
            for contribution, recorded in answer.contributions()
            if recorded
        )
        twice = [contribution for contribution, times in told.items() if times > 1]
        return f"Told twice that it was recorded: {twice}" if twice else None

    def _missing(self, run: Run) -> str | None:
        """What was acknowledged is there: contributions, voids, corrections."""
        kept = {c["id"]: c for c in run.state.collections()["contributions"].values()}
        for answer in _given(run):
            for told, _ in answer.contributions():
                found = kept.get(told["id"])
                if found is None:
                    return f"{told['id']} was acknowledged, and is not there"
                if told.get("voided") and not found["voided"]:
                    return f"{told['id']} was voided, and is live"
                corrects = told.get("corrects")
                if corrects and kept[corrects]["corrected_by"] != told["id"]:
                    return f"{corrects} was corrected by {told['id']}, and does not say so"
        return None

    def _wrong_sum(self, run: Run) -> str | None:
        """Every total is the sum of the live contributions, unless it was wrong before."""
        if run.state.text in self._right or (self.scenario.world.drift and not self._repaired(run)):
            return None
        found = run.state.collections()
        try:
            assert_sums(*(found[name] for name in _SUMMED))
        except AssertionError as wrong:
            return f"A total is not the sum of what counts in it: {wrong}"
        self._right.add(run.state.text)
        return None

    def _wrong_person(self, run: Run) -> str | None:
        """Whom an address leads to leads to nobody, and counts those that lead there."""
        aliases = run.state.collections().get("aliases", {})
        leading = Counter(a["contributor_email"] for a in aliases.values() if "id" in a)
        counted = {email: a["further"] for email, a in aliases.items() if "further" in a}
        if counted != leading or any("id" in aliases[email] for email in leading):
            return f"An address leads to one that leads on, or is not counted there: {aliases}"
        return None

    def _wrong_name(self, run: Run) -> str | None:
        """A name leads to an account that is there, or is one's own, never both.

        A number is that of the accounts whose it is said to be.
        """
        found = run.state.collections()
        numbers = {key: asset["github_id"] for key, asset in found["assets"].items()}
        said: dict[str, int] = {}
        for document_id, name in found.get("repositories", {}).items():
            if document_id.startswith("number@"):
                keys = [claim["leads_to"].replace("/", ":") for claim in name["claims"]]
                said |= dict.fromkeys(keys, name["number"])
                continue
            own = document_id.removeprefix("name@")
            if own in found["assets"] or name["leads_to"].replace("/", ":") not in found["assets"]:
                return f"A name leads elsewhere and has an account too, or leads to none: {own}"
        if said != {key: number for key, number in numbers.items() if number is not None}:
            return f"A number is not that of the account whose it is said to be: {said} {numbers}"
        return None

    def _repaired(self, run: Run) -> bool:
        for asked, answer in zip(self.scenario.asked, run.answers, strict=True):
            if asked.name == "reconcile" and answer and answer.status == 0:
                return True
        return False

    def _answered_amiss(self, schedule: Schedule, run: Run) -> str | None:
        """Answers and documents are those of some order without faults.

        A request whose process is gone, or which says that it does not know, may have been carried
        out or not; only one at which something went wrong may say so.
        """
        failed = {choice.actor for choice in schedule if choice.fault}
        unsure = {choice.actor: choice.fault for choice in schedule if choice.fault in _UNSURE}
        known: list[int] = []
        unknown: list[int] = []
        gone = {number for number, answer in enumerate(run.answers) if answer is None}
        for number, answer in enumerate(run.answers):
            if answer and answer.unavailable and number not in failed:
                return f"{self.scenario.asked[number].name} is unavailable, and nothing went wrong"
            (known if answer and not answer.unavailable else unknown).append(number)
        for size in range(len(unknown) + 1):
            for carried_out in combinations(unknown, size):
                present = sorted([*known, *carried_out])
                for permitted in self._orders(tuple(present), unsure, gone):
                    if permitted.state.compared == run.state.compared and all(
                        self._is_same(number, permitted.answers[at], run.answers[number], unsure)
                        for at, number in enumerate(present)
                        if number in known
                    ):
                        return None
        told = zip(self.scenario.asked, run.answers, strict=True)
        answers = "\n".join(f"{asked.name}: {answer or 'gone'}" for asked, answer in told)
        return f"No order without faults comes to this:\n{answers}\n{run.state.text}"

    def _orders(
        self, present: tuple[int, ...], unsure: Mapping[int, Fault | None], gone: set[int]
    ) -> Iterator[Run]:
        """What the requests come to, one after the other.

        One that does not know that it was carried out may be so twice, the first time unseen; and
        one whose process is gone may have done some of all that it does, before another and after.
        """
        honest = replace(self.scenario, flaw=None)
        yield from self._permutations(honest, present)
        for number, fault in unsure.items():
            if fault is Fault.LOST and number in present and honest.asked[number].forgets:
                twice = replace(honest, asked=(*honest.asked, honest.asked[number]))
                yield from self._permutations(twice, (*present, len(honest.asked)))
        for number in gone.intersection(present):
            for pair in combinations_with_replacement(honest.asked[number].begun, 2):
                asked = list(honest.asked)
                asked[number], last = (replace(asked[number], ask=begun) for begun in pair)
                some = replace(honest, asked=(*asked, last))
                yield from self._permutations(some, (*present, len(honest.asked)))

    def _permutations(self, scenario: Scenario, present: tuple[int, ...]) -> list[Run]:
        key = (scenario, present)
        if key not in self._permitted:
            self._permitted[key] = [
                one_after_the_other(scenario, self._stage, order) for order in permutations(present)
            ]
        return self._permitted[key]

    def _is_same(
        self,
        number: int,
        permitted: Answer | None,
        answer: Answer | None,
        unsure: Mapping[int, Fault | None],
    ) -> bool:
        """Whether an answer is one that is permitted.

        Who learns only by another look what it did may tell of it as it is by then; and who cannot
        tell its own doing from another's may take one for the other.
        """
        if permitted and answer and number in unsure:
            if self.scenario.asked[number].forgets:
                permitted = permitted.told_as(answer)
            if unsure[number] is Fault.LOST:
                return permitted.as_recorded() == answer.as_recorded()
        return permitted == answer


def _given(run: Run) -> Iterator[Answer]:
    return (answer for answer in run.answers if answer)
