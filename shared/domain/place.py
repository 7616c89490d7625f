"""Where the reports of a repository go, by its name and, where they say one, by GitHub's number.

The name leads, except where its account has another number:

(a) The name's account has this number or none: that one. A missing number is filled in, unless
    another account has it.
(b) It has another number, since another repository has taken the name over: the number's account,
    or a new one.
(c) The name is unknown: the number's account, as after a rename or a transfer, or a new one.

    The name leads to it from now on, and is shown.

So a name moves only to an account that never had it, and a late delivery under an old name flips
nothing.

**Whose number is believed.** Two names are one repository where both agree who may say so: whoever
gave the account its number speaks for the new name, and whoever reports the number now speaks for
the name that the account is shown under. A token speaks for every name, since its number is
GitHub's own word; a key or a webhook's secret for those that it may record for. Any other claim of
the number is as if it had not been made, so several stand beside one another, and that of a
stranger changes nothing, whether it comes first or last. Except that a token's replaces those of
keys that do not agree with it, and lets none beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.number import Claim
from shared.domain.repository import Repository


@dataclass(frozen=True, slots=True)
class Place:
    """The account under which a repository's contributions are kept, and its shown name."""

    account: Repository
    shown: Repository


@dataclass(frozen=True, slots=True)
class Account:
    """A repository's account, as it was read."""

    key: Repository
    shown: Repository
    number: int | None

    def place(self) -> Place:
        """Where it is, under the name that it is shown under."""
        return Place(self.key, self.shown)


# Whose account a number is, on whose word: each account once, the first claim first.
Claims = Mapping[Account, Claim]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where reports go, and what is to be written with the first of them.

    `number` is given to the account; `renamed`, where the reported name leads to it from now on.
    `claims` are all of the number from now on, by the keys of accounts, and None where they stay.
    `twin` is another account that has the number.
    """

    place: Place
    account: Account | None = None
    number: int | None = None
    renamed: bool = False
    claims: Mapping[str, Claim] | None = None
    # Accounts that lose the number.
    refuted: tuple[Account, ...] = ()
    # The number that the account had until now.
    given_up: int | None = None
    twin: Account | None = None


@dataclass(frozen=True)
class Situation:
    """What is there when `name` is reported with a number.

    `named` is the account that the name leads to, and `its_claim` on whose word that one has its
    number, where it is another one. `apart` is the account of this name and number, where the
    name's is another one.
    """

    name: Repository
    claim: Claim
    named: Account | None
    claims: Claims
    its_claim: Claim | None = None
    apart: Account | None = None

    def decide(self) -> Decision:
        """By the rules of this module."""
        named, holder = self.named, self._holder()
        if holder is None and any(claim.proven for claim in self.claims.values()):
            # GitHub says otherwise.
            return Decision(named.place() if named else Place(self.name, self.name), named)
        if named is None:
            return self._renamed(holder) if holder else self._new(self.name)
        if named.number == self.claim.number:
            return self._with_claim(named)
        if named.number is None:
            if holder and holder.key.key != named.key.key:
                return Decision(named.place(), named, twin=holder)
            return self._with_claim(named, number=self.claim.number)
        if holder is None and self._is_refuted(named):
            return self._with_claim(named, number=self.claim.number, given_up=named.number)
        holder = holder or self.apart
        if holder:
            return self._with_claim(holder, number=self.claim.number)
        name = self.name
        return self._new(Repository(name.owner, name.name, self.claim.number))

    def _holder(self) -> Account | None:
        """The account that has the number, as far as that is believed."""
        heard = [
            account
            for account, claim in self.claims.items()
            if claim.speaks_for(self.name) and self.claim.speaks_for(account.shown)
        ]
        return max(heard, key=lambda account: self.claims[account].weight, default=None)

    def _is_refuted(self, named: Account) -> bool:
        """Whether GitHub says that an account that has not moved on has this number."""
        on_its_word = self.its_claim is not None and self.its_claim.proven
        return self.claim.proven and not on_its_word and named.shown.key == self.name.key

    def _new(self, key: Repository) -> Decision:
        claims, refuted = self._claims_with(key)
        number = self.claim.number
        return Decision(Place(key, self.name), number=number, claims=claims, refuted=refuted)

    def _renamed(self, account: Account) -> Decision:
        claims, refuted = self._claims_with(account.key)
        place = Place(account.key, self.name)
        return Decision(place, account, renamed=True, claims=claims, refuted=refuted)

    def _with_claim(
        self, account: Account, *, number: int | None = None, given_up: int | None = None
    ) -> Decision:
        claims, refuted = self._claims_with(account.key)
        number = None if number == account.number else number
        return Decision(
            account.place(), account, number, claims=claims, refuted=refuted, given_up=given_up
        )

    def _claims_with(
        self, key: Repository
    ) -> tuple[Mapping[str, Claim] | None, tuple[Account, ...]]:
        """The claims from now on, or None where this one adds nothing; and whose end."""
        kept = {account.key.key: claim for account, claim in self.claims.items()}
        if key.key in kept and kept[key.key].weight >= self.claim.weight:
            return None, ()
        if not self.claim.proven:
            return kept | {key.key: self.claim}, ()
        others = tuple(account for account in self.claims if account.key.key != key.key)
        return {key.key: self.claim}, others
