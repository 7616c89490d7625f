"""Which commits a push reports: all that it brought, whatever push and checkout are like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.github.repositories import GRACE, ZEROS, Repository
from tests.github.runner import Runner
from tests.github.stub_ledger import StubLedger

RunnerFor = Callable[..., Runner]

UNKNOWN = "0123456789abcdef0123456789abcdef01234567"


class TestAnOrdinaryPush:
    def test_reports_every_commit_oldest_first(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        pushed = [origin.commit(f"Change {number}") for number in range(3)]

        run = runner_for(origin.head).push(before, origin.head, inputs=ledger.inputs)

        assert run.status == 0, run.stderr
        assert ledger.hashes == pushed
        assert run.counts == (3, 0, 0, 0)

    def test_is_reported_under_the_repositorys_name_also_an_old_one(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        runner = replace(runner_for(origin.head), repository="-ACE-/demo")

        runner.push(ZEROS, origin.head, inputs=ledger.inputs)

        assert json.loads(ledger.requests[0].body)["repository"] == "-ACE-/demo"

    @pytest.mark.parametrize(
        ("environment", "number"),
        [
            ({"GITHUB_REPOSITORY_ID": "1296269"}, 1296269),
            # The numbers of another host are other numbers.
            (
                {
                    "GITHUB_REPOSITORY_ID": "1296269",
                    "GITHUB_SERVER_URL": "https://github.example.com",
                },
                None,
            ),
            ({"GITHUB_REPOSITORY_ID": "none"}, None),
            ({}, None),
        ],
    )
    def test_says_the_number_of_the_repository_on_github_com(
        self,
        origin: Repository,
        runner_for: RunnerFor,
        ledger: StubLedger,
        environment: dict[str, str],
        number: int | None,
    ) -> None:
        runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs, environment=environment
        )

        assert json.loads(ledger.requests[0].body).get("repository_id") == number

    def test_is_replayed_when_the_job_is_run_again(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        origin.commit()
        runner = runner_for(origin.head)
        runner.push(before, origin.head, inputs=ledger.inputs)

        run = runner.push(before, origin.head, inputs=ledger.inputs)

        assert run.counts == (0, 1, 0, 0)
        assert len(ledger.entries) == 1

    def test_skips_merge_commits_and_says_so(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        origin.branch("feature")
        feature = [origin.commit(files={f"{name}.txt": name}) for name in "ab"]
        origin.switch("main")
        direct = origin.commit()
        merge = origin.merge("feature")

        run = runner_for(merge).push(before, merge, inputs=ledger.inputs)

        assert sorted(ledger.hashes) == sorted([*feature, direct])
        assert run.counts == (3, 0, 0, 0)
        assert f"{merge[:10]} g***@example.com: skipped, merge commit\n" in run.stdout
        assert "3 recorded, 0 replayed, 0 rejected, 1 skipped" in run.summary

    def test_of_nothing_new_says_so_and_sends_nothing(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        after = origin.head
        before = origin.commit()
        origin.git("reset", "--hard", after)

        run = runner_for(after).push(before, after, inputs=ledger.inputs)

        assert ledger.requests == []
        assert run.annotations("notice") == [
            "Skipped: there are no commits that were not here before"
        ]
        assert run.counts == (0, 0, 0, 0)


class TestANewBranch:
    def test_reports_what_the_default_branch_does_not_have(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit()
        origin.branch("feature")
        own = [origin.commit(), origin.commit()]
        origin.switch("main")
        origin.commit()

        runner = runner_for(own[-1], branch="feature")
        runner.push(ZEROS, own[-1], branch="feature", inputs=ledger.inputs)

        assert ledger.hashes == own

    def test_reports_commits_that_another_new_branch_has_too(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.branch("one")
        shared = origin.commit()
        origin.git("branch", "two")

        runner = runner_for(shared, branch="one")
        runner.push(ZEROS, shared, branch="one", inputs=ledger.inputs)

        assert ledger.hashes == [shared]

    def test_reports_everything_where_it_is_the_default_branch(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        first = origin.head
        second = origin.commit()
        origin.git("branch", "feature")

        runner_for(second).push(ZEROS, second, inputs=ledger.inputs)

        assert ledger.hashes == [first, second]

    @pytest.mark.parametrize("depth", [1, 2])
    def test_in_a_shallow_checkout_fetches_the_default_branch_to_compare_with(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, depth: int
    ) -> None:
        for _ in range(5):
            origin.commit()
        origin.branch("feature")
        own = [origin.commit() for _ in range(4)]

        runner = runner_for(own[-1], branch="feature", depth=depth)
        run = runner.push(ZEROS, own[-1], branch="feature", inputs=ledger.inputs)

        assert run.annotations("error") == []
        assert ledger.hashes == own


class TestAForcedPush:
    @pytest.mark.parametrize("depth", [0, 1])
    def test_reports_the_rewritten_commits_only(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, depth: int
    ) -> None:
        base = origin.commit()
        before = [origin.commit(), origin.commit()][-1]
        origin.git("reset", "--quiet", "--hard", base)
        rewritten = [origin.commit("Again"), origin.commit("Once more")]

        run = runner_for(rewritten[-1], depth=depth).push(
            before, rewritten[-1], inputs=ledger.inputs
        )

        assert run.annotations("error") == []
        assert ledger.hashes == rewritten

    @pytest.mark.parametrize("depth", [0, 1])
    def test_over_a_state_that_is_gone_reports_what_the_event_lists(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, depth: int
    ) -> None:
        origin.commit()
        listed = [origin.commit(), origin.commit(), origin.commit()]

        run = runner_for(listed[-1], depth=depth).push(
            UNKNOWN, listed[-1], listed=listed, inputs=ledger.inputs
        )

        assert run.annotations("error") == []
        assert ledger.hashes == listed
        assert [commit["metadata"]["lines_added"] for commit in ledger.sent] == [1, 1, 1]
        assert "0123456789, cannot be had" in run.stdout
        assert "Reporting the commits that the event lists: 3." in run.summary

    def test_over_a_state_that_is_gone_says_when_the_list_is_cut(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        after = origin.commit()

        run = runner_for(after).push(UNKNOWN, after, listed=[after] * 2048, inputs=ledger.inputs)

        assert ledger.hashes == [after]
        assert "a backfill reports what it lacks" in run.summary

    def test_over_a_state_that_is_gone_is_a_new_branch_where_the_event_lists_nothing(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        first, second = origin.head, origin.commit()

        run = runner_for(second).push(UNKNOWN, second, inputs=ledger.inputs)

        assert ledger.hashes == [first, second]
        assert "Taking it for the push of a new branch." in run.stdout


class TestAShallowCheckout:
    @pytest.mark.parametrize("size", [1, 5, 90])
    def test_fetches_the_whole_push_and_nothing_is_reported_twice_as_large(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, size: int
    ) -> None:
        origin.commit(files={"large.txt": "line\n" * 1000})
        before = origin.head
        pushed = [origin.commit() for _ in range(size)]

        run = runner_for(pushed[-1], depth=1).push(before, pushed[-1], inputs=ledger.inputs)

        assert run.annotations("error") == []
        assert ledger.hashes == pushed
        assert {commit["metadata"]["lines_added"] for commit in ledger.sent} == {1}

    def test_reports_a_merged_branch_that_began_long_before_the_push(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.git("branch", "feature")
        origin.commit_many(80)
        origin.git("reset", "--quiet", "--hard")
        before = origin.head
        origin.switch("feature")
        feature = origin.commit(files={"feature.txt": "1\n"}, author=GRACE)
        origin.switch("main")
        merge = origin.merge("feature")

        run = runner_for(merge, depth=1).push(before, merge, inputs=ledger.inputs)

        assert run.annotations("error") == []
        assert ledger.hashes == [feature]

    def test_is_not_made_shallower_than_it_was(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit_many(100)
        origin.git("reset", "--quiet", "--hard")
        origin.branch("feature")
        own = origin.commit()
        runner = runner_for(own, branch="feature", depth=90)

        runner.push(ZEROS, own, branch="feature", inputs=ledger.inputs)

        assert ledger.hashes == [own]
        assert int(Repository(runner.workspace).git("rev-list", "--count", "HEAD")) >= 90

    def test_is_not_made_of_a_complete_one(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit_many(100)
        origin.git("reset", "--quiet", "--hard")
        before = origin.commit("Replaced later")
        origin.git("reset", "--quiet", "--hard", "HEAD~1")
        after = origin.commit()
        runner = runner_for(after)

        runner.push(before, after, inputs=ledger.inputs)

        assert ledger.hashes == [after]
        assert Repository(runner.workspace).git("rev-list", "--count", "HEAD") == "102"

    def test_without_a_server_to_fetch_from_is_an_error_and_reports_nothing(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        origin.commit()
        runner = runner_for(origin.commit(), depth=1)
        after = origin.head
        shutil.rmtree(origin.path)

        run = runner.push(before, after, inputs=ledger.inputs)

        assert run.status == 0
        assert ledger.requests == []
        assert run.counts == (0, 0, 0, 0)
        (error,) = run.annotations("error")
        assert error.startswith("The push was not recorded in full: git says: fatal:")
        assert "recorded, " not in run.stdout


class TestWhatIsNoPushOfCommits:
    def test_a_tag_is_skipped_with_a_notice(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        event = {"ref": "refs/tags/v1", "before": ZEROS, "after": origin.head}

        run = runner_for(origin.head).step(event, inputs=ledger.inputs, environment={})

        assert run.annotations("notice") == ["Skipped: this push brings no commits to a branch"]
        assert ledger.requests == []

    def test_a_deleted_branch_is_skipped_with_a_notice(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(origin.head, ZEROS, inputs=ledger.inputs)

        assert run.annotations("notice") == ["Skipped: this push brings no commits to a branch"]
        assert ledger.requests == []

    def test_another_event_is_skipped_with_a_notice(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).step(
            {"action": "opened"}, name="pull_request", inputs=ledger.inputs, environment={}
        )

        (notice,) = run.annotations("notice")
        assert notice.startswith("Skipped: this is not a push, nor one of schedule, workflow_d")
        assert ledger.requests == []

    def test_an_event_without_a_usable_commit_is_an_error(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(
            origin.head, "--upload-pack=touch pwned", inputs=ledger.inputs
        )

        assert run.annotations("error") == [
            "The push was not recorded in full: the event names no commit as `after`"
        ]
        assert ledger.requests == []


class TestTheWorkspace:
    def test_may_belong_to_another_user_as_in_a_container_job(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        pushed = origin.commit()

        runner_for(pushed).push(
            before,
            pushed,
            inputs=ledger.inputs,
            environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
        )

        assert ledger.hashes == [pushed]

    def test_without_a_checkout_is_an_error_that_says_what_is_missing(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        runner = runner_for(origin.head)
        shutil.rmtree(runner.workspace / ".git")

        run = runner.push(ZEROS, origin.head, inputs=ledger.inputs)

        (error,) = run.annotations("error")
        assert "does actions/checkout run before this step?" in error


class TestIgnoredPaths:
    PATTERNS = "docs/**\n**.md\n!README.md\n"

    def test_a_commit_that_changes_nothing_else_is_skipped_and_said(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        ignored = origin.commit(files={"docs/a.txt": "1", "b/c.md": "1"})
        mixed = origin.commit(files={"docs/a.txt": "2", "src/a.py": "1"})
        readme = origin.commit(files={"README.md": "1"})
        moved = origin.rename("src/a.py", "docs/a.py")
        empty = origin.commit(files={})

        run = runner_for(empty).push(
            before, empty, inputs=ledger.inputs | {"paths-ignore": self.PATTERNS}
        )

        assert ledger.hashes == [mixed, readme, moved, empty]
        assert (
            f"{ignored[:10]} a***@example.com: skipped, changes ignored paths only\n" in run.stdout
        )
        assert run.counts == (4, 0, 0, 0)

    def test_a_pattern_that_is_none_is_an_error(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs | {"paths-ignore": "[z-a]"}
        )

        (error,) = run.annotations("error")
        assert "paths-ignore: [z-a] is no pattern" in error
        assert ledger.requests == []
