"""Whether Firestore answers."""

from __future__ import annotations

from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError

from shared.domain.errors import Unavailable
from shared.store.connection import Connection

READY_BUDGET_S = 2.0


@dataclass(frozen=True)
class Probe:
    """Asks Firestore for one small read."""

    connection: Connection

    def ready(self) -> float:
        """Seconds that one read took; raises `Unavailable` when it fails or takes over 2."""
        timing = self.connection.timing
        deadline = timing.deadline(READY_BUDGET_S)
        began = timing.monotonic()
        try:
            self.connection.query(self.connection.contributions.select(()).limit(1), deadline)
        except GoogleAPICallError as error:
            raise Unavailable(f"Firestore does not answer: {type(error).__name__}") from error
        return timing.monotonic() - began
