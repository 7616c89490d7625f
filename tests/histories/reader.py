"""What a client reads: totals, lists, and one contribution by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.histories.asker import Asker
from tests.histories.history import Look, Page, State, Total, Walk
from tests.histories.said import EVERYTHING, FURTHER, HEAD, MONTHS, PEOPLE, REPOSITORIES, micros

# Seconds: how old may be what is told of all months, and of the parts of joined people.
_KEPT_S = 15.0


class Reader(Asker):
    """Reads figures and lists of whom or what it is told, else of anybody."""

    def read_asset(self, repository: str | None = None) -> None:
        repository = repository or self.random.choice(REPOSITORIES)
        self._total(f"/v1/assets/{repository}", lambda body: {f"asset {repository}": body})

    def read_person(self, person: str | None = None) -> None:
        person = person or self._person()
        self._total(f"/v1/contributors/{person}", lambda body: {f"person {person}": body})

    def read_parts(self, repository: str | None = None) -> None:
        repository = repository or self.random.choice(REPOSITORIES)

        def figures(rows: Any) -> dict[str, Any]:
            parts = {row["email"]: row for row in rows}
            return {f"part {repository} {who}": parts.get(who) for who in (*PEOPLE, HEAD)}

        kept_s = _KEPT_S + self.board.joins_kept_s
        self._total(f"/v1/assets/{repository}/contributors?limit=1000", figures, kept_s=kept_s)

    def read_parts_of_person(self, person: str | None = None) -> None:
        person = person or self._person()

        def figures(rows: Any) -> dict[str, Any]:
            parts = {row["name"]: row for row in rows}
            return {f"part {name} {person}": parts.get(name) for name in REPOSITORIES}

        self._total(f"/v1/contributors/{person}/assets", figures, kept_s=_KEPT_S)

    def read_months(self, repository: str | None = None) -> None:
        repository = repository or self.random.choice(REPOSITORIES)
        self._total(f"/v1/assets/{repository}/months", _months_of(repository))

    def read_months_of_person(self, person: str | None = None) -> None:
        person = person or self._person()
        self._total(f"/v1/contributors/{person}/months", _months_of(person))

    def read_all_months(self) -> None:
        began, answer, ended = self._asked("GET", "/v1/months")
        if answer and answer.status != 503:
            rows = {row["month"]: row for row in answer.body}
            for month in MONTHS:
                accounts = [f"month {repository} {month}" for repository in REPOSITORIES]
                self._see(_total(began - _KEPT_S, ended, accounts, rows.get(month)))

    def walk(self, account: str | None = None) -> None:
        """A list, from its first page to its last."""
        lists = {
            EVERYTHING: "/v1/contributions?",
            **{f"asset {name}": f"/v1/assets/{name}/contributions?" for name in REPOSITORIES},
            **{f"person {who}": f"/v1/contributors/{who}/contributions?" for who in PEOPLE},
        }
        account = account or self.random.choice([*lists])
        path: str | None = f"{lists[account]}limit={self.random.randint(3, 9)}"
        pages: list[Page] = []
        while path:
            began, answer, ended = self._asked("GET", path)
            if answer is None or answer.status == 503:
                return
            subjects = [self._subject_of(shown) for shown in answer.body]
            pages.append(Page(began=began, ended=ended, subjects=subjects))
            path = answer.next
        self._see(Walk(account=account, pages=pages))

    def look(self, subject: str | None = None) -> None:
        subject = subject or self.random.choice(self.board.asked)
        key = self.board.ids.get(subject, subject)
        began, answer, ended = self._asked("GET", f"/v1/contributions/{key}")
        if answer is None or answer.status == 503:
            return
        state = State.ABSENT if answer.status == 404 else State.LIVE
        if state is State.LIVE and answer.body["voided"]:
            state = State.VOIDED
        self._see(Look(began=began, ended=ended, subject=subject, state=state))

    def _total(
        self, path: str, figures: Callable[[Any], Mapping[str, Any]], *, kept_s: float = 0.0
    ) -> None:
        """Figures by account; those of the head may be as old as `kept_s`."""
        began, answer, ended = self._asked("GET", path)
        if answer and answer.status != 503:
            for account, of in figures(answer.body).items():
                since = began - kept_s if HEAD in account else began
                self._see(_total(since, ended, [account], of))

    def _person(self) -> str:
        return self.random.choice((*PEOPLE, HEAD))

    def _subject_of(self, shown: Mapping[str, Any]) -> str:
        if shown["corrects"]:
            return f"correction of {self.board.subjects.get(shown['corrects'])}"
        return f"{shown['repository']}@{shown['commit_hash']}"


def _months_of(whose: str) -> Callable[[Any], dict[str, Any]]:
    def figures(rows: Any) -> dict[str, Any]:
        found = {row["month"]: row for row in rows}
        return {f"month {whose} {month}": found.get(month) for month in MONTHS}

    return figures


def _total(
    began: float, ended: float, accounts: Iterable[str], of: Mapping[str, Any] | None
) -> Total:
    """The figures that were told, nothing where there is no row; with the head's go those of the
    further address while it is joined."""
    accounts = list(accounts)
    further = {a.replace(HEAD, FURTHER): FURTHER for a in accounts if HEAD in a}
    return Total(
        began=began,
        ended=ended,
        accounts=accounts,
        further=further,
        count=of["contribution_count"] if of else 0,
        micros=micros(of["total_cost"]) if of else 0,
    )
