"""`make reconcile`: prove that totals are what contributions sum to; with --repair mend them.

The service may go on recording meanwhile. Each total that is wrong is printed with the id of its
contributor or asset, of a part with both. With --repair, what an older version recorded is counted
in months and parts too. An account that contributions name and that is not there is printed and
never created: create it with POST /v1/contributors or /v1/assets, then repair. People are named who
are kept under a spelling of their address that is another one today: nothing is wrong with their
totals.

Exit codes: 0 every total is right, or was mended; 1 something is left that is wrong or to be built;
3 some total could not be checked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from shared.commands.errors import CommandError
from shared.commands.ledger_access import open_for_reading, open_for_writing
from shared.commands.local.environment import local_environment
from shared.domain.drift import Finding, Kind, State, Totals
from shared.domain.email import mask_text, spelt_as_today
from shared.domain.errors import Unavailable
from shared.domain.identifiers import contributor_id
from shared.domain.money import format_money

if TYPE_CHECKING:
    from shared.store.reconciling import Reconciler

EXIT_RIGHT = 0
EXIT_WRONG = 1
EXIT_UNCHECKED = 3

# Seconds in which a page must come, tries included: there is no request that waits for it.
_PAGE_BUDGET = 60.0
_RPC_TIMEOUT = 20.0


class Screen:
    """Findings on `out`; how far the command is on `status`, in one line where it is a terminal."""

    def __init__(self, out: TextIO, status: TextIO) -> None:
        self._out = out
        self._status = status
        self._live = status.isatty()
        self.done: dict[str, int] = {}

    def progress(self, what: str, done: int) -> None:
        """So many of what were gone through."""
        self.done[what] = done
        if self._live:
            counted = ", ".join(f"{n:,} {name}" for name, n in self.done.items())
            self._status.write(f"\r\x1b[K{counted}")
            self._status.flush()

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._live:
            self._status.write("\r\x1b[K")
            self._status.flush()
        print(text, file=self._out, flush=True)


def reconcile(
    reconciler: Reconciler, screen: Screen, *, repair: bool = False, show_emails: bool = False
) -> int:
    """Compare, print what is wrong, and give the exit code; raises `Unavailable`."""
    states: Counter[State] = Counter()
    for finding in reconciler.findings(repair=repair, progress=screen.progress):
        states[finding.state] += 1
        screen.line(describe(finding, show_emails=show_emails))
    for person_id, kept in reconciler.spelt_otherwise():
        screen.line(describe_spelling(person_id, kept, show_emails=show_emails))
    checked = ", ".join(f"{n} {name}" for name, n in screen.done.items())
    verdict = ", ".join(f"{n} {state}" for state, n in states.items()) or "every total is right"
    screen.line(f"Of {checked}: {verdict}")
    if states[State.DRIFT] or states[State.MISSING] or states[State.UNBUILT]:
        return EXIT_WRONG
    return EXIT_UNCHECKED if states[State.UNSETTLED] else EXIT_RIGHT


def describe(finding: Finding, *, show_emails: bool) -> str:
    """One line about an account, without an address unless it is asked for."""
    account = f"{finding.kind} {finding.id}"
    if finding.label and show_emails:
        account += f" ({finding.label})"
    elif finding.label and finding.kind is Kind.ASSET:
        account += f" ({mask_text(finding.label)})"
    match finding.state:
        case State.MISSING:
            found = f"is not there, and has contributions of {_totals(finding.actual)}"
        case State.UNSETTLED:
            found = "kept changing while it was checked; try again when it is quieter"
        case State.UNBUILT:
            found = "has no months and parts yet, which --repair counts: an older version wrote it"
        case _ if finding.stored == finding.actual:
            found = f"says {_totals(finding.actual)} rightly, and other months, times or counts"
        case _ if finding.kind is Kind.PART and finding.stored is None:
            found = f"does not say what its contributions sum to: {_totals(finding.actual)}"
        case _:
            stored = _totals(finding.stored) if finding.stored else "what is no whole number"
            found = f"says {stored}; its contributions sum to {_totals(finding.actual)}"
    return f"{finding.state}: {account} {found}"


def describe_spelling(person_id: str, kept: str, *, show_emails: bool) -> str:
    """One line about a person; where asked with the address, in ASCII to show what is unseen."""
    account = f"contributor {person_id}" + (f" ({ascii(kept)[1:-1]})" if show_emails else "")
    today = contributor_id(spelt_as_today(kept))
    return f"spelling: {account} is spelt otherwise today, goes on as {today}"


def _totals(totals: Totals) -> str:
    return f"{format_money(totals.micros)} in {totals.count}"


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Hold every total against its contributions.")
    parser.add_argument("--repair", action="store_true", help="write the totals that are wrong")
    parser.add_argument("--show-emails", action="store_true", help="name people by their address")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    arguments = parser.parse_args()
    from google.api_core.exceptions import FailedPrecondition

    from shared.store.connection import Connection
    from shared.store.deadline import Timing
    from shared.store.reconciling import Reconciler

    screen = Screen(sys.stdout, sys.stderr)
    try:
        with ExitStack() as stack:
            environment = local_environment(os.environ)
            if arguments.cloud or arguments.repair:
                client, where = open_for_writing(environment, stack, cloud=arguments.cloud)
            else:
                client, where = open_for_reading(environment, stack)
            screen.line(f"In {where}:")
            timing = Timing(budget=_PAGE_BUDGET, rpc_timeout=_RPC_TIMEOUT)
            return reconcile(
                Reconciler(Connection(client, timing)),
                screen,
                repair=arguments.repair,
                show_emails=arguments.show_emails,
            )
    except (CommandError, Unavailable) as error:
        screen.line(str(error))
        return EXIT_UNCHECKED
    except FailedPrecondition as error:
        # An index that is missing, or the embedded store of another version: it says what to do.
        screen.line(error.message)
        return EXIT_UNCHECKED
    except (BrokenPipeError, KeyboardInterrupt):
        return EXIT_UNCHECKED


if __name__ == "__main__":
    sys.exit(main())
