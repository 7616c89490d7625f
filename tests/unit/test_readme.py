"""The README names what there is, all of it and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import main
from shared.commands.emulator import EmulatorMissing, Installation
from shared.commands.local.backend import choose
from shared.commands.openapi.declared import operations
from shared.domain.identifiers import (
    commit_document_id,
    contributor_document_id,
    repository_document_id,
)
from shared.domain.repository import Repository
from shared.web.logs import Log
from shared.web.operations import Access
from shared.web.settings import GITHUB_ISSUER, Settings
from tests.contract.test_operation_counts import COSTS

ROOT = Path(main.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
DEFAULTS = Settings.from_environment({})

NEEDS = {
    Access.OPEN: "",
    Access.READ: "`read`",
    Access.RECORD: "`record`",
    Access.ADMIN: "`admin`",
    Access.SIGNED: "signature",
}


def table(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, row by row without the head."""
    section = re.split(r"^#+ ", README.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    first = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert first, f"no table under {heading!r}"
    rows = first[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def code() -> list[str]:
    """Everything that is set in code: spans, and lines that are to be typed."""
    spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", README))
    typed = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
    return spans + typed


class TestTheApi:
    def test_has_a_row_for_every_operation_and_no_other(self) -> None:
        rows = [(where, function, needs) for where, function, _, needs in table("The API")]
        assert sorted(rows) == sorted(
            (f"{o.method} `{o.path}`", o.function.replace("_", "-"), NEEDS[o.access])
            for o in operations()
        )


class TestSettings:
    def test_are_all_those_that_the_service_knows_and_no_others(self) -> None:
        source = (ROOT / "shared" / "web" / "settings.py").read_text(encoding="utf-8")
        named = [cell.strip("`") for cell, *_ in table("Settings")]
        assert sorted(named) == sorted(set(re.findall(r'"(LEDGER_[A-Z_]+)"', source)))

    def test_that_are_mentioned_elsewhere_are_among_them(self) -> None:
        named = {cell.strip("`") for cell, *_ in table("Settings")}
        # What the client in a workflow takes is none of the service's.
        client = (ROOT / ".github/workflows/auto_track_contributions.yml").read_text("utf-8")
        clients = set(re.findall(r"(?:vars|secrets)\.(LEDGER_[A-Z_]+)", client))
        assert set(re.findall(r"\bLEDGER_[A-Z_]*[A-Z]\b", README)) == named | clients

    @pytest.mark.parametrize(("name", "default"), [row[:2] for row in table("Settings")])
    def test_have_the_defaults_that_are_given(self, name: str, default: str) -> None:
        name = name.strip("`")
        if default.startswith("`"):
            assert Settings.from_environment({name: default.strip("`")}) == DEFAULTS
        else:
            assert WORDED[default](name.removeprefix("LEDGER_").lower())


def is_random(_: str) -> bool:
    return Log(salt=DEFAULTS.log_salt).pseudonym("a") != Log(salt="").pseudonym("a")


def is_the_emulator_if_there_is_one(_: str) -> bool:
    def found() -> Installation:
        return Installation(Path("java"), Path("emulator.jar"), "Main", "a test")

    def missing() -> NoReturn:
        raise EmulatorMissing("none")

    return (choose({}, found).kind, choose({}, missing).kind) == ("emulator", "embedded")


WORDED: dict[str, Callable[[str], bool]] = {
    "none": lambda field: not getattr(DEFAULTS, field),
    "each repository's default branch": lambda _: not DEFAULTS.tracked_branches,
    "GitHub's": lambda _: DEFAULTS.oidc_issuer == GITHUB_ISSUER,
    "random": is_random,
    "the emulator if there is one": is_the_emulator_if_there_is_one,
}


class TestCommands:
    def test_of_make_exist(self) -> None:
        assert {c for text in code() for c in re.findall(r"\bmake ([a-z][a-z-]*)", text)} <= {
            target for targets in makefile().values() for target in targets
        }

    def test_for_users_are_all_told(self) -> None:
        told = {c for text in code() for c in re.findall(r"\bmake ([a-z][a-z-]*)", text)}
        assert set(makefile()["Use"]) - told == set()


def makefile() -> dict[str, list[str]]:
    """The targets that `make help` lists, by section."""
    sections: dict[str, list[str]] = {}
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        if line.startswith("##@ "):
            sections[line.removeprefix("##@ ")] = targets = []
        elif match := re.match(r"([a-z-]+):.*## ", line):
            targets.append(match[1])
    return sections


class TestPlaces:
    def test_in_the_source_exist(self) -> None:
        top = {path.name for path in ROOT.iterdir()} - {".data"}
        named = [text for text in code() if text.split("/")[0] in top]
        named += re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
        named += [
            text for text in code() if re.fullmatch(r"[^/\s]\S*\.(py|json|ya?ml|md|txt)", text)
        ]
        # A file may be named alone where its folder is.
        files = {path.name for path in (ROOT / "shared").rglob("*") if path.is_file()}
        assert [path for path in named if not (ROOT / path).exists() and path not in files] == []
        assert named

    def test_in_the_readme_itself_exist(self) -> None:
        headings = re.findall(r"^#+ (.*)$", FENCED.sub("", README), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
        assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


class TestDocuments:
    def test_stand_in_the_collections_that_the_store_uses(self) -> None:
        used = {
            name
            for path in (ROOT / "shared" / "store").glob("*.py")
            for name in re.findall(r'\.collection\("(\w+)"\)', path.read_text(encoding="utf-8"))
        }
        assert [cell.strip("`") for cell, *_ in table("What stands in Firestore")] == [
            *("contributors", "assets", "contributions", "keys", "tracking")
        ]
        assert used == {"contributors", "assets", "contributions", "keys", "tracking"}

    def test_have_the_ids_that_are_shown(self) -> None:
        repository = Repository.parse("seeker71/Coherence-Network")
        rows = table("What stands in Firestore")
        shown = {collection.strip("`"): id_ for collection, id_, _ in rows}
        assert shown["contributors"] == f"`{contributor_document_id('test@example.com')}`"
        assert shown["assets"] == f"`{repository_document_id(repository)}`"
        assert shown["contributions"] == f"`{commit_document_id(repository, 'abc123')}`"


class TestCosts:
    @pytest.mark.parametrize("row", table("What it costs"), ids=lambda row: row[0])
    def test_are_those_that_are_counted(self, row: list[str]) -> None:
        name, calls, reads, writes = row
        _, cost = COSTS[name]
        assert (calls, reads, writes) == (str(cost.rpcs), str(cost.reads), str(cost.writes))
