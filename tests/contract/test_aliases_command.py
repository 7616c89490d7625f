"""`make aliases`: what it says, and that it makes one person of what a mailmap says to be one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from google.cloud.firestore import Client

from shared.commands.aliases import report as lines_of
from shared.domain.mailmap import Mailmap
from shared.embedded import open_embedded
from shared.store.ledger import Ledger
from tests.contract.books import documents
from tests.contract.reports import ledger_of, report
from tests.end_to_end.local_run import DEADLINE, ROOT, clean_environment

MAILMAP = """\
Ada <ada@x.org> <home@x.org>
<ada@x.org> <work@x.org>
<ada@x.org> <never@x.org>
Joe <joe@x.org> Joe <bugs@x.org>
<nobody> <bugs@x.org>
<gone@x.org> <old@x.org>
<gone@x.org> <older@x.org>
"""
EMAILS = [f"{name}@x.org" for name in ("ada", "home", "work", "bugs", "old", "older", "bea")]


def fill(ledger: Ledger) -> None:
    for number, email in enumerate(EMAILS):
        ledger.commits.record(
            report(f"{number:06x}", contributor_email=email, cost_amount="1"), recorded_by="ci"
        )


def run(ledger: Ledger, mailmap: str, *, apply: bool) -> list[str]:
    return list(lines_of(Mailmap.parse(mailmap), ledger.people, apply=apply))


def people(ledger: Ledger) -> dict[str, tuple[str, ...]]:
    """Further addresses by the first one, of whoever has some."""
    joined = ledger_of(ledger.connection.client).aliases.joined()
    return {p.head.email: tuple(a.email for a in p.others) for p in joined}


def test_it_shows_what_it_would_join_and_what_not(ledger: Ledger, client: Client) -> None:
    fill(ledger)
    assert run(ledger, MAILMAP, apply=False) == [
        "ada@x.org",
        "  + home@x.org",
        "  + work@x.org",
        "old@x.org",
        "  + older@x.org",
        "Skipped, since they need a name too (1):",
        "  line 4: Joe <joe@x.org> Joe <bugs@x.org>",
        "Skipped, since nobody can have such an address (1):",
        "  line 5: <nobody> <bugs@x.org>",
        "3 addresses to join, 0 joined before",
        "Nothing was changed. APPLY=1 joins them.",
    ]
    assert documents(client, "aliases") == {}


def test_it_joins_them_once(ledger: Ledger, client: Client) -> None:
    fill(ledger)
    assert run(ledger, MAILMAP, apply=True)[-1] == "3 addresses joined, 0 joined before"
    expected = {"ada@x.org": ("home@x.org", "work@x.org"), "old@x.org": ("older@x.org",)}
    assert people(ledger) == expected
    alias = documents(client, "aliases")["work@x.org"]
    assert (alias["joined_by"], alias["reason"]) == ("mailmap", "line 2 of a mailmap")
    assert run(ledger, MAILMAP, apply=True)[-1] == "0 addresses joined, 3 joined before"
    assert people(ledger) == expected


def test_who_leads_to_one_of_them_comes_along_and_the_proper_address_comes_first(
    ledger: Ledger,
) -> None:
    fill(ledger)
    for to, email in (("home@x.org", "bea@x.org"), ("home@x.org", "ada@x.org")):
        ledger.people.join(to, email, joined_by="ops", reason=None)
    assert run(ledger, "<ada@x.org> <home@x.org>", apply=True) == [
        "ada@x.org",
        "  + bea@x.org",
        "  + home@x.org",
        "2 addresses joined, 0 joined before",
    ]
    assert people(ledger) == {"ada@x.org": ("bea@x.org", "home@x.org")}


def test_who_leads_to_somebody_else_is_left_alone(ledger: Ledger) -> None:
    fill(ledger)
    ledger.people.join("bea@x.org", "home@x.org", joined_by="ops", reason=None)
    assert run(ledger, "<ada@x.org> <home@x.org>\n<ada@x.org> <work@x.org>", apply=True)[2:] == [
        "Left out (1):",
        "  home@x.org: leads to somebody else; split it off first",
        "1 addresses joined, 0 joined before",
    ]
    assert people(ledger) == {"bea@x.org": ("home@x.org",), "ada@x.org": ("work@x.org",)}


def test_a_proper_address_that_leads_to_somebody_takes_the_others_there(ledger: Ledger) -> None:
    fill(ledger)
    ledger.people.join("bea@x.org", "ada@x.org", joined_by="ops", reason=None)
    run(ledger, "<ada@x.org> <home@x.org>", apply=True)
    assert people(ledger) == {"bea@x.org": ("ada@x.org", "home@x.org")}


def test_what_is_one_too_many_is_named_and_the_rest_is_joined(ledger: Ledger) -> None:
    emails = [f"{number:02}@x.org" for number in range(32)]
    for number, email in enumerate(emails):
        ledger.commits.record(report(f"{number:06x}", contributor_email=email), recorded_by="ci")
    mailmap = "\n".join(f"<{emails[0]}> <{email}>" for email in emails[1:])
    assert run(ledger, mailmap, apply=True)[-4:] == [
        "Left out (2):",
        "  30@x.org: A person has at most 30 addresses",
        "  31@x.org: A person has at most 30 addresses",
        "29 addresses joined, 0 joined before",
    ]


def command(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shared.commands.aliases", *arguments],
        cwd=ROOT,
        env=clean_environment(LEDGER_DATA_DIR=str(data), LEDGER_BACKEND="embedded"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


def test_as_a_command_it_works_on_what_make_run_has_kept(tmp_path: Path) -> None:
    with open_embedded(tmp_path / "embedded", project="demo-ledger") as store:
        fill(ledger_of(store.client()))
    (tmp_path / "mailmap").write_text(MAILMAP)
    done = command(tmp_path, str(tmp_path / "mailmap"), "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"In the embedded store in {tmp_path / 'embedded'}:"
    assert done.stdout.endswith("3 addresses joined, 0 joined before\n")
    with open_embedded(tmp_path / "embedded", project="demo-ledger") as store:
        kept = documents(store.client(), "aliases").values()
        assert sum("contributor_email" in alias for alias in kept) == 3


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = command(tmp_path, str(tmp_path / "none"))
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'none'} cannot be read: No such file or directory\n"
