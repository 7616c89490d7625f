"""`make keys`: create, list and revoke the API keys that are kept in Firestore.

A key is shown once, when it is created; the ledger keeps its SHA-256 only. A revoked key is
refused within a minute, the time for which an instance remembers what it has read.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.commands.errors import CommandError
from shared.commands.ledger_access import ended, open_for_writing
from shared.commands.local.environment import local_environment
from shared.domain.api_key import (
    ID_BYTES,
    SECRET_BYTES,
    ApiKey,
    Scope,
    folded_key_name,
    is_key_id,
    key_digest,
    make_key,
    normalise_key_name,
    normalise_repository_pattern,
)
from shared.domain.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from shared.store.keys import KeyStore


def create(
    store: KeyStore,
    *,
    name: str,
    scope: Scope,
    repositories: tuple[str, ...],
    expires_at: datetime | None,
) -> str:
    """Create a key; gives its full text, which nothing else will ever show again.

    Raises `CommandError` where another key's name looks like this one, revoked ones included:
    nobody could tell from `recorded_by` which one it was, and they would share Idempotency-Keys.
    """
    folded = folded_key_name(name)
    if any(folded_key_name(key.name) == folded for key in store.all()):
        raise CommandError(f"There is a key named like {name!r}: choose another name")
    key_id, text = make_key(
        id_bytes=secrets.token_bytes(ID_BYTES), secret_bytes=secrets.token_bytes(SECRET_BYTES)
    )
    store.create(
        ApiKey(
            id=key_id,
            name=name,
            scope=scope,
            repositories=repositories,
            digest=key_digest(text.encode()),
            expires_at=expires_at,
        )
    )
    return text


def describe(key: ApiKey, now: datetime) -> str:
    """One line about a key, without anything that opens a door."""
    if key.revoked_at:
        state = f"revoked {format_timestamp(key.revoked_at)}"
    elif not key.valid_at(now):
        state = "expired"
    else:
        used = format_timestamp(key.last_used_at) if key.last_used_at else "never"
        until = format_timestamp(key.expires_at) if key.expires_at else "revoked"
        state = f"valid until {until}, last used {used}"
    where = ", ".join(key.repositories) or "every repository"
    return f"{key.id}  {key.name}  {key.scope}  {where}  {state}"


def main() -> int:
    """Run the command; returns its exit code."""
    arguments = _parser().parse_args()
    return ended(lambda: _open_and_run(arguments))


def _open_and_run(arguments: argparse.Namespace) -> None:
    from shared.store.connection import Connection
    from shared.store.keys import KeyStore

    with ExitStack() as stack:
        client, where = open_for_writing(
            local_environment(os.environ), stack, cloud=arguments.cloud
        )
        print(f"In {where}:", file=sys.stderr)
        _run(arguments, KeyStore(Connection(client)))


def _run(arguments: argparse.Namespace, store: KeyStore) -> None:
    match arguments.command:
        case "create":
            repositories = tuple(dict.fromkeys(arguments.repository))
            if repositories and arguments.scope is not Scope.RECORD:
                raise CommandError("--repository goes with the scope record only")
            print(
                create(
                    store,
                    name=arguments.name,
                    scope=arguments.scope,
                    repositories=repositories,
                    expires_at=arguments.expires,
                )
            )
            print("Keep it now: it is not shown again.", file=sys.stderr)
        case "list":
            now = datetime.now(UTC)
            for key in store.all():
                print(describe(key, now))
        case _:
            store.revoke(arguments.id)
            print(
                f"{arguments.id} is revoked; within a minute no instance takes it", file=sys.stderr
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keys", description="API keys kept in Firestore.")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create", help="create a key and show it once")
    creating.add_argument("--name", required=True, type=_name, help="stands in recorded_by")
    creating.add_argument("--scope", required=True, type=Scope, choices=list(Scope))
    creating.add_argument(
        "--repository",
        action="append",
        default=[],
        type=_repository,
        help="owner/* or owner/name; may be given several times, and without it goes for all",
    )
    creating.add_argument("--expires", type=_expiry, help="a number of days, or an RFC 3339 time")
    commands.add_parser("list", help="list the keys, revoked ones included")
    revoking = commands.add_parser("revoke", help="take a key out of use for good")
    revoking.add_argument("id", type=_key_id, help="as `list` shows it")
    return parser


def _name(text: str) -> str:
    try:
        return normalise_key_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _key_id(text: str) -> str:
    if not is_key_id(text):
        # Not repeated: it may be a whole key.
        raise argparse.ArgumentTypeError("must be the id of a key, as `list` shows it")
    return text


def _repository(text: str) -> str:
    try:
        return normalise_repository_pattern(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _expiry(text: str) -> datetime:
    now = datetime.now(UTC)
    try:
        is_days = text.isascii() and text.isdigit() and len(text) < 5
        expires_at = now + timedelta(days=int(text)) if is_days else parse_timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a number of days, or: {error}") from None
    if expires_at <= now:
        raise argparse.ArgumentTypeError("must be in the future")
    return expires_at


if __name__ == "__main__":
    sys.exit(main())
