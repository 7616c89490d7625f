"""A report follows from the commit: neither the clone nor the machine has a say in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.github.repositories import ADA, GRACE, Repository
from tests.github.runner import Backfill, Runner
from tests.github.stub_ledger import StubLedger

RunnerFor = Callable[..., Runner]

TOGETHER = "Change\n\nCo-authored-by: Bob <bob@example.com>\n"


def reports(ledger: StubLedger) -> dict[str, dict[str, Any]]:
    """Return what was sent of each commit, and forget it."""
    sent = {commit["commit_hash"]: commit for commit in ledger.sent}
    ledger.requests.clear()
    return sent


@pytest.fixture
def eventful(origin: Repository) -> Repository:
    """Return the repository after commits that configurations show differently."""
    origin.commit(
        TOGETHER, files={"a.txt": "1\n2\n", "sub/b.txt": "1\n", "sub/c.txt": "line\n" * 9}
    )
    origin.rename("sub/c.txt", "sub/d.txt")
    origin.commit(files={"image.bin": b"\0\1\n", "spaces.txt": "a\n b\n", "sub/b.txt": "1 \n"})
    origin.commit(author=("Z", "z@example.com"), files={"long.txt": "x\n" * 300, "ä": "1\n"})
    origin.commit("#Subject\n\n%Body\n\nCo-authored-by: Eve <eve@example.com>\n# comment\n")
    return origin


class TestConfiguration:
    """Held against what the same clone reports without any."""

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("trailer.separators", "="),
            ("trailer.co-authored-by.key", "Nobody: "),
            ("core.commentChar", "%"),
            ("diff.relative", "true"),
            ("diff.orderFile", "/nonexistent"),
            ("diff.renames", "copies"),
            ("diff.renames", "false"),
            ("diff.renameLimit", "1"),
            ("diff.algorithm", "patience"),
            ("diff.ignoreSubmodules", "all"),
            ("core.bigFileThreshold", "10"),
            ("core.attributesFile", "{folder}/attributes"),
            ("mailmap.file", "{folder}/mailmap"),
        ],
    )
    def test_changes_no_report(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger, key: str, value: str
    ) -> None:
        folder = eventful.path / ".git" / "odd"
        folder.mkdir()
        (folder / "attributes").write_text("* -diff\n")
        (folder / "mailmap").write_text("Nobody <nobody@example.com> <z@example.com>\n")
        backfill.run()
        plain = reports(ledger)

        eventful.git("config", key, value.format(folder=folder))
        done = backfill.run()

        assert done.returncode == 0, done.stderr
        assert reports(ledger) == plain
        assert plain[eventful.git("rev-parse", "HEAD~4")]["metadata"]["files_changed"] == 3
        people = [commit["co_authors"] for commit in plain.values() if "co_authors" in commit]
        assert {person["name"] for found in people for person in found} == {"Bob", "Eve"}

    def test_of_the_machine_and_of_the_user_changes_no_report(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger, tmp_path: Path
    ) -> None:
        backfill.run()
        plain = reports(ledger)
        (tmp_path / "attributes").write_text("* -diff\n")
        (tmp_path / "config").write_text(
            f"[core]\nattributesFile = {tmp_path}/attributes\n[trailer]\nseparators = =\n"
            "[diff]\norderFile = /nonexistent\n"
        )
        backfill.environment |= {
            "GIT_CONFIG_GLOBAL": str(tmp_path / "config"),
            "GIT_CONFIG_SYSTEM": str(tmp_path / "config"),
            "GIT_CONFIG_NOSYSTEM": "0",
            "GIT_DIFF_OPTS": "-u0",
            "GIT_EXTERNAL_DIFF": "false",
        }

        assert backfill.run().returncode == 0
        assert reports(ledger) == plain

    def test_attributes_of_the_clone_alone_change_no_report(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run()
        plain = reports(ledger)

        (eventful.path / ".git" / "info").mkdir(exist_ok=True)
        (eventful.path / ".git" / "info" / "attributes").write_text("* -diff\n")
        (eventful.path / ".gitattributes").write_text("* -diff\n")
        backfill.run()

        assert reports(ledger) == plain

    def test_attributes_of_the_reported_branch_say_what_has_no_lines(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger, tmp_path: Path
    ) -> None:
        text = "".join(f"{n}\n" for n in range(50))
        made = eventful.commit(files={"a.lock": text, "sub/b.lock": text, "sub/c.txt": text})
        eventful.commit(
            files={".gitattributes": "*.lock -diff\n", "sub/.gitattributes": "c* -diff"}
        )
        eventful.git("clone", "--quiet", "--bare", eventful.url, str(tmp_path / "bare"))
        eventful.git("checkout", "--quiet", "HEAD~2")

        for clone in (eventful.path, tmp_path / "bare"):
            Backfill(clone, ledger.url).run("--branch", "main")

            metadata = reports(ledger)[made]["metadata"]
            assert (metadata["files_changed"], metadata["lines_added"]) == (3, 0)

    def test_a_folder_of_the_clone_reports_the_whole_history(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run()
        plain = reports(ledger)
        eventful.git("config", "diff.relative", "true")

        Backfill(eventful.path / "sub", ledger.url).run()

        assert reports(ledger) == plain


class TestSubmodules:
    @pytest.mark.parametrize("ignored", ["all", "dirty", "untracked"])
    @pytest.mark.parametrize("configured", [False, True])
    def test_that_move_are_changed_files_whatever_gitmodules_says(
        self,
        origin: Repository,
        backfill: Backfill,
        ledger: StubLedger,
        ignored: str,
        configured: bool,
    ) -> None:
        first = origin.head
        module = f'[submodule "lib"]\n\tpath = lib\n\turl = ./lib\n\tignore = {ignored}\n'
        (origin.path / ".gitmodules").write_text(module)
        origin.git("add", ".gitmodules")
        for target in (first, origin.commit(files={})):
            origin.git("update-index", "--add", "--cacheinfo", f"160000,{target},lib")
            origin.git(*IDENTITY, "commit", "--quiet", "-m", "Move the submodule")
        if configured:
            origin.git("config", "submodule.lib.ignore", ignored)

        backfill.run()

        metadata = reports(ledger)[origin.head]["metadata"]
        assert (metadata["files_changed"], metadata["lines_added"]) == (1, 1)


IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


class TestSubstitutes:
    """What a clone has put in place of what the hash says."""

    @pytest.fixture
    def plain(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> dict[str, dict[str, Any]]:
        origin.commit(TOGETHER, files={"a.txt": "1\n2\n"})
        origin.commit(files={"a.txt": "3\n", "b.txt": "1\n"})
        origin.commit()
        backfill.run()
        return reports(ledger)

    @pytest.fixture
    def unchanged(
        self, plain: dict[str, dict[str, Any]], backfill: Backfill, ledger: StubLedger
    ) -> Callable[[], bool]:
        def check() -> bool:
            done = backfill.run()
            assert done.returncode == 0, done.stderr
            return reports(ledger) == plain

        return check

    def replace(self, origin: Repository, kind: str, name: str, old: bytes, new: bytes) -> None:
        given = origin.git("cat-file", kind, name).encode() + b"\n"
        assert old in given
        made = origin.git("hash-object", "-t", kind, "-w", "--stdin", given=given.replace(old, new))
        origin.git("replace", "--force", origin.git("rev-parse", name), made)

    def test_an_author_that_was_replaced(
        self, origin: Repository, unchanged: Callable[[], bool]
    ) -> None:
        self.replace(origin, "commit", "HEAD~1", b"ada@", b"fake@")

        assert unchanged()

    def test_a_history_cut_by_a_graft(
        self, origin: Repository, unchanged: Callable[[], bool]
    ) -> None:
        origin.git("replace", "--graft", "HEAD")

        assert unchanged()

    def test_a_file_that_was_replaced(
        self, origin: Repository, unchanged: Callable[[], bool]
    ) -> None:
        self.replace(origin, "blob", "HEAD~1:a.txt", b"3\n", b"3\n4\n5\n")

        assert unchanged()

    def test_a_tree_that_was_replaced(
        self, origin: Repository, unchanged: Callable[[], bool]
    ) -> None:
        origin.git("replace", "HEAD~1^{tree}", origin.git("rev-parse", "HEAD~3^{tree}"))

        assert unchanged()

    def test_a_file_of_grafts(self, origin: Repository, unchanged: Callable[[], bool]) -> None:
        (origin.path / ".git" / "info").mkdir(exist_ok=True)
        (origin.path / ".git" / "info" / "grafts").write_text(f"{origin.head}\n")

        assert unchanged()

    def test_replacements_that_the_environment_names(
        self, origin: Repository, backfill: Backfill, unchanged: Callable[[], bool]
    ) -> None:
        self.replace(origin, "commit", "HEAD~1", b"ada@", b"fake@")
        origin.git("update-ref", "refs/odd/" + origin.git("rev-parse", "HEAD~1"), "HEAD")
        (origin.path / ".git" / "cut").write_text(f"{origin.head}\n")
        backfill.environment |= {
            "GIT_REPLACE_REF_BASE": "refs/odd/",
            "GIT_GRAFT_FILE": str(origin.path / ".git" / "cut"),
            "GIT_SHALLOW_FILE": str(origin.path / ".git" / "cut"),
        }

        assert unchanged()

    def test_in_the_actions_workspace_too(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before, pushed = origin.head, [origin.commit() for _ in range(3)]
        runner = runner_for(pushed[-1])
        workspace = Repository(runner.workspace)
        self.replace(workspace, "commit", "HEAD~1", b"ada@", b"fake@")
        workspace.git("replace", "--graft", "HEAD")

        runner.push(before, pushed[-1], inputs=ledger.inputs)

        assert ledger.hashes == pushed
        assert {commit["contributor_email"] for commit in ledger.sent} == {ADA[1]}


class TestMailmaps:
    MAILMAP = "Ada King <king@example.com> <ada@example.com>\n"

    def test_of_the_reported_branch_counts_where_another_is_checked_out(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        origin.branch("next")
        origin.commit(files={".mailmap": self.MAILMAP})
        origin.switch("main")

        backfill.run("--branch", "next")

        assert {commit["contributor_email"] for commit in ledger.sent} == {"king@example.com"}

    def test_of_the_checked_out_branch_does_not_count_for_another(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        origin.git("branch", "old")
        origin.commit(files={".mailmap": self.MAILMAP})

        backfill.run("--branch", "old")

        assert {commit["contributor_email"] for commit in ledger.sent} == {"ada@example.com"}

    def test_that_was_not_committed_does_not_count(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        (origin.path / ".mailmap").write_text(self.MAILMAP)

        backfill.run()

        assert {commit["contributor_email"] for commit in ledger.sent} == {"ada@example.com"}

    def test_of_a_bare_clone_is_that_of_the_reported_branch(
        self, origin: Repository, ledger: StubLedger, tmp_path: Path
    ) -> None:
        origin.branch("next")
        origin.commit(files={".mailmap": self.MAILMAP})
        origin.switch("main")
        origin.git("clone", "--quiet", "--bare", origin.url, str(tmp_path / "bare"))

        Backfill(tmp_path / "bare", ledger.url).run("--branch", "next")

        assert {commit["contributor_email"] for commit in ledger.sent} == {"king@example.com"}

    def test_has_no_say_where_people_are_to_be_as_each_commit_has_them(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        origin.commit(files={".mailmap": self.MAILMAP})
        origin.commit("Together\n\nCo-authored-by: Ada <ada@example.com>\n", author=GRACE)

        backfill.run("--mailmap", "none")

        assert {commit["contributor_email"] for commit in ledger.sent} == {ADA[1], GRACE[1]}
        [co_authors] = (commit["co_authors"] for commit in ledger.sent if "co_authors" in commit)
        assert co_authors == [{"email": ADA[1], "name": "Ada"}]
        assert not any("author_email" in commit for commit in ledger.sent)


class TestOtherClones:
    def test_a_partial_clone_fetches_what_a_report_needs(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger, tmp_path: Path
    ) -> None:
        eventful.git("config", "uploadpack.allowFilter", "true")
        eventful.git("config", "uploadpack.allowAnySHA1InWant", "true")
        backfill.run()
        plain = reports(ledger)
        clone = tmp_path / "partial"
        options = ("--quiet", "--no-checkout", "--filter=blob:none")
        eventful.git("clone", *options, eventful.url, str(clone))

        done = Backfill(clone, ledger.url).run()

        assert done.returncode == 0, done.stderr
        assert reports(ledger) == plain

    def test_a_linked_working_tree_and_a_clone_with_borrowed_objects_report_the_same(
        self, eventful: Repository, backfill: Backfill, ledger: StubLedger, tmp_path: Path
    ) -> None:
        backfill.run()
        plain = reports(ledger)
        eventful.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
        eventful.git("clone", "--quiet", "--shared", str(eventful.path), str(tmp_path / "shared"))

        for clone in ("linked", "shared"):
            Backfill(tmp_path / clone, ledger.url).run()

            assert reports(ledger) == plain

    def test_a_repository_of_sha_256_is_reported(self, ledger: StubLedger, tmp_path: Path) -> None:
        (tmp_path / "long").mkdir()
        repository = Repository(tmp_path / "long")
        repository.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
        made = repository.commit(TOGETHER, files={".mailmap": TestMailmaps.MAILMAP, "a": "1\n"})

        Backfill(repository.path, ledger.url).run()

        (commit,) = ledger.sent
        assert commit["commit_hash"] == made
        assert commit["contributor_email"] == "king@example.com"
        assert commit["metadata"]["lines_added"] == 2

    def test_leaves_nothing_behind(
        self, eventful: Repository, backfill: Backfill, tmp_path: Path
    ) -> None:
        before = sorted(eventful.path.rglob("*"))
        (tmp_path / "temporary").mkdir()
        backfill.environment["TMPDIR"] = str(tmp_path / "temporary")

        backfill.run()

        assert sorted(eventful.path.rglob("*")) == before
        assert os.listdir(tmp_path / "temporary") == []  # noqa: PTH208 - names are enough
