"""A change that is decided from what is read, and sent until it is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import Aborted

from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.write_batch import WriteBatch


@dataclass
class Attempt:
    """The tries of one request."""

    connection: Connection
    deadline: Deadline
    # Whether a Commit may have been carried out without our being told: what is found next may be
    # its doing.
    answer_lost: bool = False

    def commit(self, writes: WriteBatch) -> datetime | None:
        """When they were carried out; None, after a pause, where to read and decide again.

        Raises `Unavailable` when there is no time left for that.
        """
        try:
            return self.connection.commit(writes, self.deadline)
        except (*OVERTAKEN, Aborted):
            # Nothing was carried out, so what is found next was done by somebody else.
            pass
        except TRANSIENT:
            self.answer_lost = True
        self.deadline.pause()
        return None
