"""The documents for people name what there is, all of it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

import main
from shared.commands.emulator import EmulatorMissing, Installation
from shared.commands.local.backend import choose
from shared.commands.openapi.declared import operations
from shared.commands.openapi.document import FILE
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
DOCUMENTS = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(
        [
            *ROOT.glob("*.md"),
            *(ROOT / ".github").rglob("*.md"),
            # The text of the OpenAPI document is read there, and not as a page.
            *(path for path in (ROOT / "shared").rglob("*.md") if path.name != "about.md"),
            # Those of tests/data say where other people's files come from.
            *(path for path in (ROOT / "tests").rglob("*.md") if "data" not in path.parts),
        ]
    )
]
README, HANDBOOK = "README.md", "shared/commands/README.md"
STORE, BENCHMARKS = "shared/store/README.md", "tests/benchmarks/README.md"
RECIPES = "shared/README.md"
# A newcomer reads the first one whole.
MOST_LINES = 250
# A shorter sentence may be written twice by chance.
MANY_WORDS = 8
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
DEFAULTS = Settings.from_environment({})

NEEDS = {
    Access.OPEN: "",
    Access.READ: "`read`",
    Access.RECORD: "`record`",
    Access.ADMIN: "`admin`",
    Access.SIGNED: "signature",
}


@cache
def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """A document without what is typed and printed."""
    return FENCED.sub("", read(document))


def section(document: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", read(document).split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]


def table(document: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, row by row without the head."""
    first = re.search(r"(?:^\|.*\|\n)+", section(document, heading), re.MULTILINE)
    assert first, f"no table under {heading!r} of {document}"
    rows = first[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def spans(document: str) -> list[str]:
    """What is set in code between other words."""
    return re.findall(r"`([^`\n]+)`", prose(document))


def code() -> list[str]:
    """Everything that is set in code: spans, and lines that are to be typed."""
    typed = [line for d in DOCUMENTS for line in re.findall(r"^\$ (.*)$", read(d), re.MULTILINE)]
    return [span for document in DOCUMENTS for span in spans(document)] + typed


class TestTheApi:
    def test_has_a_row_for_every_operation_and_no_other(self) -> None:
        rows = [(where, function, needs) for where, function, _, needs in table(README, "The API")]
        assert sorted(rows) == sorted(
            (f"{o.method} `{o.path}`", o.function.replace("_", "-"), NEEDS[o.access])
            for o in operations()
        )

    def test_tells_who_takes_what_in_the_same_words_as_its_document(self) -> None:
        schemas = json.loads(FILE.read_text(encoding="utf-8"))["components"]["schemas"]
        _, rule = schemas["Credit"]["description"].split("\n\n")
        assert "take nothing" in rule
        assert " ".join(rule.split()) in " ".join(read(README).split())


class TestSettings:
    def test_are_all_those_that_the_service_knows_and_no_others(self) -> None:
        source = (ROOT / "shared" / "web" / "settings.py").read_text(encoding="utf-8")
        named = [cell.strip("`") for cell, *_ in table(HANDBOOK, "Settings")]
        assert sorted(named) == sorted(set(re.findall(r'"(LEDGER_[A-Z_]+)"', source)))

    def test_that_are_mentioned_elsewhere_are_among_them(self) -> None:
        named = {cell.strip("`") for cell, *_ in table(HANDBOOK, "Settings")}
        # What the client in a workflow takes is none of the service's.
        client = (ROOT / ".github/workflows/auto_track_contributions.yml").read_text("utf-8")
        clients = set(re.findall(r"(?:vars|secrets)\.(LEDGER_[A-Z_]+)", client))
        mentioned = {
            name
            for document in DOCUMENTS
            for name in re.findall(r"\bLEDGER_[A-Z_]*[A-Z]\b", read(document))
        }
        assert mentioned == named | clients

    @pytest.mark.parametrize(("name", "default"), [row[:2] for row in table(HANDBOOK, "Settings")])
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
    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_in_the_source_exist(self, document: str) -> None:
        top = {path.name for path in ROOT.iterdir()} - {".data", ".demo", "venv", ".env"}
        named = [text for text in spans(document) if text.split("/")[0] in top]
        named += [
            text
            for text in spans(document)
            if re.fullmatch(r"[^/\s]\S*\.(py|sh|json|ya?ml|md|txt)", text)
        ]
        # A file may be named from where the document stands, or alone where it is the only one.
        here = (ROOT / document).parent
        files = {path.name for path in (ROOT / "shared").rglob("*") if path.is_file()}
        places = {path for path in named if path not in files}
        assert [p for p in places if not (ROOT / p).exists() and not (here / p).exists()] == []

    @pytest.mark.parametrize("document", DOCUMENTS)
    def test_that_are_linked_exist(self, document: str) -> None:
        links = re.findall(r"\]\((?!https?:)([^)]+)\)", prose(document))
        broken = []
        for link in links:
            path, _, anchor = link.partition("#")
            target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(link)
        assert broken == []

    def test_are_all_linked_from_the_readme_or_from_what_it_links(self) -> None:
        reached, waiting = set(), [README]
        while waiting:
            document = waiting.pop()
            if document not in reached:
                reached.add(document)
                links = re.findall(r"\]\((?!https?:)([^)#]+\.md)", read(document))
                targets = (((ROOT / document).parent / link).resolve() for link in links)
                waiting += [target.relative_to(ROOT).as_posix() for target in targets]
        assert sorted({*DOCUMENTS} - reached) == []


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


class TestRecipes:
    def test_name_files_that_exist_and_a_test_each(self) -> None:
        recipes = re.split(r"^### ", read(RECIPES), flags=re.MULTILINE)[1:]
        assert len(recipes) >= 8
        for recipe in recipes:
            title, _, text = recipe.partition("\n")
            paths = [p for p in re.findall(r"`([^`\n]+)`", text) if re.search(r"/|\.\w+$", p)]
            assert any(path.startswith("tests/") for path in paths), title
            assert [path for path in paths if not (ROOT / path).exists()] == [], title


class TestLengths:
    def test_the_readme_is_short_enough_to_be_read(self) -> None:
        assert len(read(README).splitlines()) <= MOST_LINES

    def test_nothing_is_said_twice(self) -> None:
        seen: dict[str, str] = {}
        twice = []
        for document in DOCUMENTS:
            text = re.sub(r"^(\||#).*$", "", prose(document), flags=re.MULTILINE)
            for paragraph in re.split(r"\n\s*\n|^\s*[-*\d]+[.)]? ", text, flags=re.MULTILINE):
                for sentence in re.split(r"(?<=[.:;?])\s+", " ".join(paragraph.split())):
                    if len(sentence.split()) >= MANY_WORDS and sentence in seen:
                        twice.append(f"{document} and {seen[sentence]}: {sentence}")
                    seen[sentence] = document
        assert twice == []


class TestDocuments:
    def test_stand_in_the_collections_that_the_store_uses(self) -> None:
        used = {
            name
            for path in (ROOT / "shared" / "store").glob("*.py")
            for name in re.findall(r'\.collection\("(\w+)"\)', path.read_text(encoding="utf-8"))
        }
        named = [cell.strip("`") for cell, *_ in table(STORE, "Documents")]
        assert named == [
            *("contributors", "assets", "contributions", "participations"),
            *("aliases", "repositories", "keys", "tracking"),
        ]
        assert used == set(named)

    def test_have_the_ids_that_are_shown(self) -> None:
        repository = Repository.parse("seeker71/Coherence-Network")
        rows = table(STORE, "Documents")
        shown = {collection.strip("`"): id_ for collection, id_, _ in rows}
        assert shown["contributors"] == f"`{contributor_document_id('test@example.com')}`"
        assert shown["assets"] == f"`{repository_document_id(repository)}`"
        assert shown["contributions"] == f"`{commit_document_id(repository, 'abc123')}`"


class TestCosts:
    @pytest.mark.parametrize("row", table(BENCHMARKS, "What it costs"), ids=lambda row: row[0])
    def test_are_those_that_are_counted(self, row: list[str]) -> None:
        name, calls, reads, writes = row
        _, cost = COSTS[name]
        assert (calls, reads, writes) == (str(cost.rpcs), str(cost.reads), str(cost.writes))
