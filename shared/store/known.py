"""What an instance remembers of contributors: their types, so that co-authors need no read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.contributor import ContributorType

_CAPACITY = 4096


class KnownTypes:
    """The types of contributors seen by this instance.

    A type is fixed when a contributor is first recorded, so what was read once stays right.
    Bounded: when full, it begins anew. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._types: dict[str, ContributorType] = {}

    def types(self, emails: Iterable[str]) -> dict[str, ContributorType] | None:
        """The type of each, or None where one of them is not known."""
        types = self._types
        try:
            return {email: types[email] for email in emails}
        except KeyError:
            return None

    def learn(self, types: Mapping[str, ContributorType]) -> None:
        """Remember types as they stand in the ledger now: read from it, or just recorded."""
        if len(self._types) + len(types) > _CAPACITY:
            self._types = {}
        self._types.update(types)
