"""What a client writes: contributions, voids, corrections; which addresses are one person."""

from __future__ import annotations

from collections.abc import Mapping

from tests.histories.asker import Answer, Asker
from tests.histories.history import Act, Look, State, Told, Write
from tests.histories.said import FURTHER, HEAD, REPOSITORIES, adds, commit, correction

_OUTCOMES = {"recorded": Told.DONE, "replayed": Told.BEFORE, "voided": Told.VOIDED}


class Writer(Asker):
    """Records, voids, corrects, joins and splits."""

    def record(self) -> None:
        """A commit, sometimes one that was reported before."""
        repository = self.random.choice(REPOSITORIES)
        self._record(repository, [self._subject(repository)])

    def batch(self) -> None:
        repository = self.random.choice(REPOSITORIES)
        some = {self._subject(repository) for _ in range(self.random.randint(2, 8))}
        self._record(repository, sorted(some))

    def _subject(self, repository: str) -> str:
        known = [subject for subject in self.board.asked if subject.startswith(repository)]
        if known and self.random.random() < 0.25:
            return self.random.choice(known)
        return f"{repository}@{next(self.board.numbers):08x}ffff"

    def _record(self, repository: str, subjects: list[str]) -> None:
        self.board.asked += [subject for subject in subjects if subject not in self.board.asked]
        said = [commit(subject) for subject in subjects]
        path, body = "/v1/contributions/github", {"repository": repository} | said[0]
        if len(subjects) > 1:
            path, body = f"{path}/batch", {"repository": repository, "commits": said}
        began, answer, ended = self._asked("POST", path, body)
        if len(subjects) == 1 or answer is None or answer.status == 503:
            outcomes = [self._told(answer)] * len(subjects)
            found = [answer.body.get("id") if answer else None] * len(subjects)
        else:
            assert answer.status == 200, answer
            outcomes = [_OUTCOMES[outcome["outcome"]] for outcome in answer.body["outcomes"]]
            found = [outcome.get("id") for outcome in answer.body["outcomes"]]
        for subject, each, told, an_id in zip(subjects, said, outcomes, found, strict=True):
            self._note(Act.RECORD, subject, told, began, ended, adds(repository, each))
            if told in {Told.DONE, Told.BEFORE}:
                self.board.learn(subject, str(an_id))
                self.board.recorded.append(subject)

    def void(self) -> None:
        if self.board.recorded:
            self._void(self.random.choice(self.board.recorded))

    def _void(self, subject: str) -> None:
        key = self.board.ids.get(subject, subject)
        began, answer, ended = self._asked("DELETE", f"/v1/contributions/{key}")
        told = self._told(answer)
        self._note(Act.VOID, subject, told, began, ended)
        if told in {Told.DONE, Told.BEFORE} and answer:
            self.board.learn(subject, answer.body["id"])
            self.board.voided.append(subject)

    def correct(self) -> None:
        """What was voided, once: whoever asks asks the same."""
        if self.board.voided:
            self._correct(self.random.choice(self.board.voided))

    def _correct(self, subject: str) -> None:
        if subject.startswith("correction of "):
            return
        said, repository = correction(subject), subject.partition("@")[0]
        body = {
            "contributor_id": self.board.accounts[said["contributor_email"]],
            "asset_id": self.board.accounts[repository],
            "cost_amount": said["cost_amount"],
            "timestamp": said["timestamp"],
            "corrects": self.board.ids[subject],
        }
        new = f"correction of {subject}"
        began, answer, ended = self._asked(
            "POST", "/v1/contributions", body, {"Idempotency-Key": new}
        )
        if answer and answer.status == 409:
            # It is said not to be voided.
            self._see(Look(began=began, ended=ended, subject=subject, state=State.LIVE))
            return
        told = self._told(answer)
        if told is Told.BEFORE and answer and answer.body["voided"]:
            told = Told.VOIDED
        self._note(Act.RECORD, new, told, began, ended, adds(repository, said))
        if told in {Told.DONE, Told.BEFORE} and answer:
            self.board.learn(new, answer.body["id"])
            self.board.recorded.append(new)

    def join(self) -> None:
        path = f"/v1/contributors/{HEAD}/aliases"
        began, answer, ended = self._asked("POST", path, {"email": FURTHER})
        self._note(Act.JOIN, FURTHER, self._told(answer), began, ended)

    def split(self) -> None:
        path = f"/v1/contributors/{HEAD}/aliases/{FURTHER}"
        began, answer, ended = self._asked("DELETE", path)
        self._note(Act.SPLIT, FURTHER, self._told(answer), began, ended)

    def _told(self, answer: Answer | None) -> Told:
        match answer and answer.status:
            case None | 503:
                return Told.NOTHING
            case 404:
                return Told.ABSENT
            case 409 if answer and answer.body["code"] == "voided":
                return Told.VOIDED
            case 201:
                return Told.DONE
            case 200 if answer:
                return Told.BEFORE if answer.replayed else Told.DONE
        raise AssertionError(f"an answer that nobody expects: {answer}")

    def _note(
        self,
        act: Act,
        subject: str,
        told: Told,
        began: float,
        ended: float,
        adds: Mapping[str, int] | None = None,
    ) -> None:
        self._see(
            Write(began=began, ended=ended, act=act, subject=subject, told=told, adds=adds or {})
        )
