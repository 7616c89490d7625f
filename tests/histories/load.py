"""Clients that ask for everything there is, in turns by chance."""

from __future__ import annotations

from tests.histories.asker import Ask, Board
from tests.histories.history import Act, Told, Write
from tests.histories.reader import Reader
from tests.histories.said import EVERYTHING, FURTHER, HEAD, PEOPLE, REPOSITORIES, commit
from tests.histories.writer import Writer


class Client(Writer, Reader):
    """Does one thing after the other."""

    def __init__(self, number: int, ask: Ask, board: Board, seed: int = 0) -> None:
        super().__init__(number, ask, board, seed)
        self._actions = {
            self.record: 5,
            self.batch: 3,
            self.void: 3,
            self.correct: 2,
            self.join: 1,
            self.split: 1,
            self.read_asset: 2,
            self.read_person: 2,
            self.read_parts: 2,
            self.read_parts_of_person: 1,
            self.read_months: 1,
            self.read_months_of_person: 1,
            self.read_all_months: 1,
            self.walk: 2,
            self.look: 2,
        }

    def step(self) -> None:
        """Do one thing."""
        [action] = self.random.choices([*self._actions], [*self._actions.values()])
        action()

    def begin(self) -> None:
        """See to it that everybody is there who is asked for, and each repository."""
        for number, repository in enumerate(REPOSITORIES):
            chosen: dict[str, str] = {}
            for serial in range(10_000):
                subject = f"{repository}@{number:02x}{serial:06x}"
                chosen.setdefault(commit(subject)["contributor_email"], subject)
                if len(chosen) == len(PEOPLE) + 2:
                    break
            self._record(repository, [*chosen.values()])
        # Of the addresses themselves: nobody is joined yet.
        for name in (*REPOSITORIES, *PEOPLE, HEAD, FURTHER):
            kind = "assets" if name in REPOSITORIES else "contributors"
            _, answer, _ = self._asked("GET", f"/v1/{kind}/{name}")
            assert answer, name
            self.board.accounts[name] = answer.body["id"]

    def settle(self) -> None:
        """Ask again for what was not answered; whoever comes again is told."""
        told = [event for event in self.board.history if isinstance(event, Write)]
        sure = {(write.act, write.subject) for write in told if write.told is not Told.NOTHING}
        for write in told:
            if (write.act, write.subject) in sure or write.act in {Act.JOIN, Act.SPLIT}:
                continue
            sure.add((write.act, write.subject))
            if write.act is Act.VOID:
                self._void(write.subject)
            elif write.subject.startswith("correction of "):
                self._correct(write.subject.removeprefix("correction of "))
            else:
                self._record(write.subject.partition("@")[0], [write.subject])

    def read_everything(self) -> None:
        """Read all there is, once."""
        self.read_all_months()
        self.walk(EVERYTHING)
        for repository in REPOSITORIES:
            self.read_asset(repository)
            self.read_parts(repository)
            self.read_months(repository)
            self.walk(f"asset {repository}")
        for person in (*PEOPLE, HEAD):
            self.read_person(person)
            self.read_parts_of_person(person)
            self.read_months_of_person(person)
        for person in PEOPLE:
            self.walk(f"person {person}")
        for subject in self.board.asked:
            self.look(subject)
