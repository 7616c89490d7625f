"""What is done once for people beside recording: a name that was only a guess, an account's number.

It comes after what was recorded, and never stands in its way: what Firestore does not answer in a
moment is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from google.cloud.firestore import FieldFilter

from shared.domain.errors import Conflict, Unavailable
from shared.domain.github_account import GitHubAccount
from shared.domain.identifiers import contributor_document_id
from shared.domain.person import Address
from shared.store.aliases import Aliases
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.documents import name_is_guess
from shared.store.reading import Document

# Seconds.
_PATIENCE = 2.0
# Anybody can make up addresses that begin with a number.
_MOST_OF_A_NUMBER = 100
_FIELDS = ("id", "email", "created_at")
_REASON = "the same number of one GitHub host"


def join_by_number(
    connection: Connection, aliases: Callable[[], Aliases], email: str, *, joined_by: str
) -> None:
    """Join a new no-reply address to an older one with the same number, as after a rename.

    Nothing else joins by itself: only GitHub gives these numbers out.
    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
    """
    account = GitHubAccount.of(email)
    if account is None or account.number is None:
        return
    number = email.partition("+")[0]
    # From `123+` to what comes behind all that begin so.
    query = connection.contributors.where(filter=FieldFilter("email", ">=", f"{number}+"))
    query = query.where(filter=FieldFilter("email", "<", f"{number},")).select(_FIELDS)
    query = query.limit(_MOST_OF_A_NUMBER)
    deadline = connection.timing.deadline(_PATIENCE)
    with suppress(Conflict, Unavailable):
        found = connection.patiently(lambda d: connection.query(query, d), deadline)
        others = [
            document
            for document in found
            if (other := GitHubAccount.of(document.fields["email"]))
            and account.is_same(other)
            and document.fields["email"] != email
        ]
        if others:
            oldest = min(others, key=_since)
            address = Address(oldest.fields["id"], oldest.fields["email"])
            aliases().join(address, email, joined_by=joined_by, reason=_REASON, deadline=deadline)


def _since(document: Document) -> tuple[str, str]:
    return str(document.fields.get("created_at")), document.id


def fill_in_names(connection: Connection, names: Mapping[str, str]) -> list[str]:
    """Give people their names where they have only guesses; returns who surely has one now."""
    accounts = {
        email: connection.contributors.document(contributor_document_id(email)) for email in names
    }
    deadline = connection.timing.deadline(_PATIENCE)
    with suppress(Unavailable):
        while accounts:
            read = connection.patiently(
                lambda d: connection.read(list(accounts.values()), d), deadline
            )
            writes = connection.write_batch()
            for email, reference in accounts.items():
                found = read[reference.path]
                if found.update_time is not None and name_is_guess(found.fields):
                    name = {"name": names[email]}
                    # An operator's word of this moment stands above it.
                    writes.update(reference, name, unchanged_since=found.update_time)
            if not len(writes):
                break
            try:
                connection.commit(writes, deadline)
            except (*OVERTAKEN, *TRANSIENT):
                deadline.pause()
            else:
                break
        return list(names)
    return []
