"""The command that imports a file: what it says, how it ends, and that it names nobody."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shared.commands.import_store import import_plan
from shared.store.importing import Importer
from shared.store.ledger import Ledger
from tests.contract.reports import classify, report
from tests.end_to_end.local_run import clean_environment, run_command
from tests.old_store import OldStore


@pytest.fixture
def old() -> OldStore:
    """Every kind of record: taken, merged, refused, and summed up wrongly."""
    old = OldStore()
    ann, repo = old.contributor("ann@example.com"), old.asset("octo/repo", total_cost="300.00")
    old.contributor("Ann@Example.com", locale="de")
    old.contributor("nobody")
    old.asset("octo/repo")
    old.commit(ann, repo, "aaaaaa", cost_amount="100.00")
    old.commit(ann, repo, "aaaaaa", cost_amount="100.00")
    old.commit(ann, repo, "bbbbbb", cost_amount="-1")
    old.commit(ann, repo, "cccccc", cost_amount="-1")
    old.commit(ann, repo, "dddddd", cost_amount="-1")
    old.commit(ann, repo, "eeeeee", cost_amount="-1")
    old.commit(ann, repo, "ffffff", cost_amount="2.00")
    return old


REASONS = [
    "  1 of contributors: email: must hold one @ with text on both sides (contributors[2])",
    "  1 of contributions: an earlier record has this commit; this id now leads to it "
    "(contributions[1])",
    "  4 of contributions: cost_amount: must be from 0 to 10,000,000 "
    "(contributions[2], contributions[3], contributions[4] and 1 more)",
]
NOTES = [
    "  assets[0], assets[1]: total_cost is 300.00 in the file, and the contributions taken sum to "
    "102.00, which counts",
    "  1 of contributors: locale has no place in the ledger",
]


class TestReport:
    def test_says_what_was_taken_and_what_was_not(self, old: OldStore, ledger: Ledger) -> None:
        lines = import_plan(old.plan(), Importer(ledger.connection, classify))
        assert lines == [
            "contributors: 1 created, 0 given old ids, 0 unchanged",
            "assets: 1 created, 0 given old ids, 0 unchanged",
            "contributions: 2 created, 0 given old ids, 0 unchanged",
            "Left out (6 records):",
            *REASONS,
            "Taken, with a difference:",
            *NOTES,
        ]

    def test_says_what_the_ledger_has_otherwise(self, old: OldStore, ledger: Ledger) -> None:
        of_ann = {"contributor_email": "ann@example.com", "repository": "octo/repo"}
        ledger.commits.record(report("ffffff", **of_ann), recorded_by="ci")
        of_bob = of_ann | {"contributor_email": "bob@example.com"}
        ledger.commits.record(report("aaaaaa", **of_bob), recorded_by="ci")
        lines = import_plan(old.plan(), Importer(ledger.connection, classify))
        assert "contributions: 0 created, 1 given old ids, 0 unchanged" in lines
        assert (
            "  1 of contributions: the ledger has this commit for another author (contributions[0])"
        ) in lines
        assert lines[-1] == "  contributions[6]: the ledger has another cost, which stays"

    def test_is_short_where_everything_was_taken(self, ledger: Ledger) -> None:
        old = OldStore()
        old.contribution(old.contributor(), old.asset(total_cost="12.50"))
        importer = Importer(ledger.connection, classify)
        import_plan(old.plan(), importer)
        assert import_plan(old.plan(), importer) == [
            "contributors: 0 created, 0 given old ids, 1 unchanged",
            "assets: 0 created, 0 given old ids, 1 unchanged",
            "contributions: 0 created, 0 given old ids, 1 unchanged",
        ]

    def test_begins_with_a_warning_when_nothing_is_written(
        self, old: OldStore, ledger: Ledger
    ) -> None:
        importer = Importer(ledger.connection, classify, dry_run=True)
        lines = import_plan(old.plan(), importer)
        assert lines[:2] == [
            "Nothing was written; an import would come to this:",
            "contributors: 1 created, 0 given old ids, 0 unchanged",
        ]


class TestCommand:
    """As an operator runs it, on the embedded store of a data directory."""

    def run(
        self, folder: Path, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        own = {"LEDGER_BACKEND": "embedded", "LEDGER_DATA_DIR": str(folder / "data")}
        clean = clean_environment(**own, **environment)
        return run_command("import_store", *arguments, environment=clean)

    @pytest.fixture
    def file(self, old: OldStore, tmp_path: Path) -> str:
        path = tmp_path / "store.json"
        path.write_bytes(old.data())
        return str(path)

    def test_imports_once_and_says_so_again(self, file: str, tmp_path: Path) -> None:
        results = [self.run(tmp_path, file, *more) for more in (["--dry-run"], [], [])]
        assert [result.returncode for result in results] == [0, 0, 0]
        assert [result.stderr for result in results] == ["", "", ""]
        rehearsed, first, second = (result.stdout.splitlines() for result in results)
        assert first[0] == f"Into the embedded store in {tmp_path / 'data' / 'embedded'}:"
        assert rehearsed[2:] == first[1:]
        assert first[4:] == [
            "Left out (6 records):",
            *REASONS,
            "Taken, with a difference:",
            *NOTES,
        ]
        assert first[3] == "contributions: 2 created, 0 given old ids, 0 unchanged"
        assert second[3] == "contributions: 0 created, 0 given old ids, 2 unchanged"
        assert second[4:] == first[4:]

    def test_names_nobody(self, file: str, tmp_path: Path) -> None:
        result = self.run(tmp_path, file)
        # The folder may be named after anybody.
        said = (result.stdout + result.stderr).replace(str(tmp_path), "").lower()
        assert "ann" not in said.replace("cannot", "")
        assert "example" not in said

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "cannot be read: No such file or directory"),
            (b"{}", "is not a store of the replaced service: it must be a JSON object with"),
            (
                b'{"contributions": 5}',
                "is not a store of the replaced service: it must have a list as contributions",
            ),
            (b"nonsense", "is not a store of the replaced service: it is not JSON: line 1"),
        ],
    )
    def test_ends_with_a_sentence_where_there_is_no_such_file(
        self, content: bytes | None, said: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "store.json"
        if content is not None:
            path.write_bytes(content)
        result = self.run(tmp_path, str(path))
        assert result.returncode == 1
        assert result.stderr.startswith(f"{path} {said}")
        assert result.stdout == ""

    def test_ends_with_a_sentence_where_a_setting_is_wrong(self, file: str, tmp_path: Path) -> None:
        result = self.run(tmp_path, file, LEDGER_CONTRIBUTOR_TYPES="nobody")
        assert result.returncode == 1
        assert result.stderr.startswith("Wrong settings: LEDGER_CONTRIBUTOR_TYPES must be")

    def test_ends_with_a_sentence_where_nobody_is_logged_in(
        self, file: str, tmp_path: Path
    ) -> None:
        # No file of credentials, and no server of Google's to ask for some.
        nobody = {"CLOUDSDK_CONFIG": str(tmp_path), "NO_GCE_CHECK": "true", "HOME": str(tmp_path)}
        result = self.run(
            tmp_path, file, "--cloud", "demo-project", **nobody, GOOGLE_APPLICATION_CREDENTIALS=""
        )
        assert result.returncode == 1
        assert result.stderr.startswith("No credentials:")
        assert result.stdout == ""
