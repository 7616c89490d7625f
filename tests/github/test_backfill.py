"""The backfill: a clone's whole history, equal to what git itself says of it."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backfill import Progress
from common import Runtime
from tests.github.repositories import ADA, GRACE, Repository, checkout, git_environment
from tests.github.runner import ACTION, Backfill
from tests.github.stub_ledger import StubLedger, answer, obey, problem


@pytest.fixture
def history(origin: Repository) -> Repository:
    """Return the repository after a life with merges, a mailmap and co-authors."""
    origin.commit(files={".mailmap": "Ada Lovelace <ada@example.com> <old@example.com>\n"})
    origin.commit(author=("ada", "old@example.com"))
    origin.branch("feature")
    origin.commit(files={"feature.txt": "1\n"}, author=GRACE)
    origin.switch("main")
    origin.commit("Together\n\nCo-authored-by: Alan <alan@example.com>\n", author=ADA)
    origin.merge("feature")
    origin.commit(author=GRACE)
    return origin


def authors(repository: Repository) -> dict[str, int]:
    """Return git's own count of commits by address."""
    lines = repository.git("shortlog", "-sne", "--no-merges", "HEAD").splitlines()
    found = [re.search(r"(\d+)\t.*<(.*)>$", line) for line in lines]
    return {match[2]: int(match[1]) for match in found if match}


class TestTheHistory:
    def test_comes_out_equal_to_what_git_says(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        done = backfill.run()

        assert done.returncode == 0, done.stderr
        assert sorted(ledger.hashes) == sorted(
            history.git("rev-list", "--no-merges", "HEAD").split()
        )
        assert Counter(c["contributor_email"] for c in ledger.sent) == authors(history)
        assert done.stdout == "Done. 6 recorded, 0 replayed, 0 rejected, 1 skipped.\n"

    def test_may_be_that_of_another_branch(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run("--branch", "feature")

        assert sorted(ledger.hashes) == sorted(history.git("rev-list", "feature").split())

    def test_may_leave_out_paths_as_the_action_does(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run("--paths-ignore", "feature.*", "--paths-ignore", ".mailmap")

        assert len(ledger.hashes) == 4

    def test_is_sent_with_the_number_of_the_repository(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        assert backfill.run("--repository-id", "1296269").returncode == 0
        assert json.loads(ledger.requests[0].body)["repository_id"] == 1296269
        refused = backfill.run("--repository-id", "octo/demo")
        assert refused.returncode == 2
        assert "--repository-id: must be a number as GitHub's API has it" in refused.stderr

    def test_of_a_bare_clone_is_the_same(
        self, history: Repository, ledger: StubLedger, tmp_path: Path
    ) -> None:
        history.git("clone", "--quiet", "--bare", history.url, str(tmp_path / "bare"))

        done = Backfill(tmp_path / "bare", ledger.url).run()

        assert done.returncode == 0, done.stderr
        assert Counter(c["contributor_email"] for c in ledger.sent) == authors(history)

    def test_is_that_of_repo_dir_where_a_git_hook_names_another_repository(
        self, history: Repository, backfill: Backfill, ledger: StubLedger, tmp_path: Path
    ) -> None:
        other = Repository.create(tmp_path / "other")
        backfill.environment["GIT_DIR"] = str(other.path / ".git")

        assert backfill.run().returncode == 0
        assert len(ledger.hashes) == 6

    def test_reported_again_is_replayed(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run()

        done = backfill.run()

        assert done.returncode == 0
        assert done.stdout.startswith("Done. 0 recorded, 6 replayed, 0 rejected")
        assert len(ledger.entries) == 6

    def test_kept_with_other_figures_is_summed_in_the_last_line(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        backfill.run()
        first, second, *_ = ledger.entries.values()
        first["cost_amount"] = "5.00"
        second["author_email"] = second["contributor_email"]
        second["contributor_email"] = "other@example.com"

        done = backfill.run()

        assert done.returncode == 0
        assert done.stdout == (
            "Done. 0 recorded, 6 replayed, 0 rejected, 1 skipped; 2 kept with other figures.\n"
        )

    @pytest.mark.parametrize("repository", ["-ACE-/demo", "ACE-/-demo", "--/.x", "-h/x"])
    def test_may_be_that_of_an_owner_with_an_old_name(
        self, history: Repository, ledger: StubLedger, repository: str
    ) -> None:
        done = Backfill(history.path, ledger.url, repository).run()

        assert done.returncode == 0, done.stderr
        assert json.loads(ledger.requests[0].body)["repository"] == repository

    def test_with_a_commit_that_is_rejected_is_done_to_the_end_and_ends_with_1(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        bad = history.commit_object(b"Nobody <nobody> 1700000000 +0000")
        voided = history.commit()
        ledger.voided = {voided}

        done = backfill.run()

        assert done.returncode == 1
        assert f"as in {bad[:10]}." in done.stderr
        assert f"{voided} voided: the entry was voided" in done.stderr
        assert done.stdout.startswith("Done. 6 recorded, 0 replayed, 1 rejected, 1 unreportable")


class TestADryRun:
    def test_sends_nothing_needs_neither_url_nor_key_and_counts(
        self, history: Repository, ledger: StubLedger
    ) -> None:
        done = Backfill(history.path, "", environment={}).run("--dry-run")

        assert done.returncode == 0, done.stderr
        assert done.stdout == (
            "Done. 0 recorded, 0 replayed, 0 rejected, 6 planned, 1 skipped.\n"
            "Requests: 1. People: 3.\n"
        )
        assert ledger.requests == []


def wait_for_line(process: subprocess.Popen[str], said: str) -> None:
    assert process.stderr is not None
    assert any(said in line for line in process.stderr)


@pytest.fixture
def _heeding_interrupts() -> Iterator[None]:
    """Have children obey SIGINT, which those of a job in the background inherit as ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@dataclass
class Held:
    """An answer that is awaited: the ledger has recorded the batch and says nothing yet."""

    arrived: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handler: object) -> None:
        self.arrived.set()
        assert self.release.wait(90)
        obey(handler)  # type: ignore[arg-type]


@pytest.fixture
def held(ledger: StubLedger) -> Iterator[Held]:
    behaviour = Held()
    yield behaviour
    behaviour.release.set()


@pytest.mark.usefixtures("_heeding_interrupts")
class TestInterruption:
    def start(self, backfill: Backfill) -> subprocess.Popen[str]:
        return subprocess.Popen(
            backfill.command(),
            env=git_environment() | backfill.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_waits_for_the_batch_under_way_and_the_same_command_goes_on(
        self,
        history: Repository,
        backfill: Backfill,
        ledger: StubLedger,
        held: Held,
        number: signal.Signals,
        status: int,
    ) -> None:
        history.commit_many(1200)
        ledger.then(obey, held)
        with self.start(backfill) as process:
            assert held.arrived.wait(90)
            process.send_signal(number)
            wait_for_line(process, "Ctrl-C again does not wait for it.")
            held.release.set()
            stdout, stderr = process.communicate(timeout=90)

        assert process.returncode == status
        assert stdout.startswith("Interrupted. 1,000 recorded, 0 replayed, 0 rejected.")
        assert len(ledger.entries) == 1000
        assert "The same command goes on from here" in stdout
        assert "Traceback" not in stderr

        done = backfill.run()

        assert done.returncode == 0
        assert done.stdout.startswith("Done. 206 recorded, 1,000 replayed, 0 rejected")

    def test_a_second_time_waits_for_nothing_and_says_of_how_many_commits_it_knows_nothing(
        self, history: Repository, backfill: Backfill, ledger: StubLedger, held: Held
    ) -> None:
        history.commit_many(600)
        ledger.then(obey, held)
        with self.start(backfill) as process:
            assert held.arrived.wait(90)
            process.send_signal(signal.SIGINT)
            wait_for_line(process, "Ctrl-C again does not wait for it.")
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=90)

        assert process.returncode == 130
        assert stdout.startswith("Interrupted. 500 recorded, 0 replayed, 0 rejected, 106 failed.")
        assert "Traceback" not in stderr

    def test_that_leaves_no_time_for_a_word_is_made_up_for_by_the_same_command(
        self, history: Repository, backfill: Backfill, ledger: StubLedger, held: Held
    ) -> None:
        history.commit_many(600)
        ledger.then(obey, held)
        with self.start(backfill) as process:
            assert held.arrived.wait(90)
            process.kill()
            process.communicate(timeout=90)

        done = backfill.run()

        assert done.returncode == 0
        assert done.stdout.startswith("Done. 106 recorded, 500 replayed, 0 rejected")

    def test_in_a_pause_before_the_next_try_ends_at_once(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        ledger.then(answer(503, Retry_After="100"))
        with self.start(backfill) as process:
            wait_for_line(process, "HTTP 503; next try in")
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=90)

        assert process.returncode == 130, stdout + stderr
        assert stdout.startswith("Interrupted. 0 recorded, 0 replayed, 0 rejected, 6 failed.")

    def test_by_a_failing_service_ends_with_1_and_the_reason(
        self, history: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        history.commit_many(600)
        ledger.then(obey, problem(403, title="Forbidden", detail="Not your repository"))

        done = backfill.run()

        assert done.returncode == 1
        assert done.stdout.startswith(
            "Stopped: HTTP 403: Forbidden: Not your repository. 500 recorded, "
        )
        assert len(ledger.requests) == 2


class TestMake:
    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ((), "DIR"),
            (("DIR=.", "REPOSITORY=", "URL=https://ledger.example.com"), "REPOSITORY"),
            (("DIR=.", "REPOSITORY=-ACE-/demo"), "URL"),
            (("REPOSITORY=octo/demo", "DRY_RUN=1"), "DIR"),
            (("DIR=.", "REPOSITORY=octo/demo", "DRY_RUN=0"), "URL"),
        ],
    )
    def test_names_the_variable_that_is_missing_before_it_does_anything(
        self, given: tuple[str, ...], missing: str
    ) -> None:
        done = subprocess.run(
            ["make", "--no-print-directory", "backfill", "VENV=/nonexistent", *given],
            cwd=ACTION.parents[2],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 2
        assert done.stdout == ""
        assert f"{missing} is missing; for example: make backfill DIR=../my-clone" in done.stderr

    def test_hands_each_variable_to_the_program(self) -> None:
        done = subprocess.run(
            [
                *("make", "--dry-run", "backfill", "VENV=/nonexistent", "RUN_TIME=", "DIR=a b"),
                *("URL=u", "REPOSITORY=-ACE-/demo", "SINCE=30 days", "BRANCH=next", "DRY_RUN=1"),
            ],
            cwd=ACTION.parents[2],
            capture_output=True,
            text=True,
            check=True,
        )

        for option in (
            *('--repo-dir="a b"', '--repository="-ACE-/demo"', '--url="u"', '--since="30 days"'),
            *('--branch="next"', "--dry-run"),
        ):
            assert f" {option}" in done.stdout


class TestWrongUsage:
    def test_without_a_key_ends_with_2(self, backfill: Backfill, ledger: StubLedger) -> None:
        backfill.environment.clear()

        done = backfill.run()

        assert done.returncode == 2
        assert done.stderr == "track: the environment variable LEDGER_API_KEY is not set\n"
        assert ledger.requests == []

    def test_of_a_shallow_clone_ends_with_2_because_its_edge_would_count_wrong(
        self, history: Repository, ledger: StubLedger, tmp_path: Path
    ) -> None:
        clone = checkout(history, tmp_path / "shallow", commit=history.head, depth=2)

        done = Backfill(clone.path, ledger.url).run()

        assert done.returncode == 2
        assert "the clone is shallow; run `git fetch --unshallow` in it first" in done.stderr
        assert ledger.requests == []

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--branch", "no-such-branch"), "git says: fatal: Needed a single revision"),
            (("--repo-dir", "/"), "git says: fatal: not a git repository"),
            (("--branch=--all",), "git says: fatal: Needed a single revision"),
            (("--repository", "demo"), "must be owner/name"),
            (("--url", "nowhere"), "url must be like https://ledger.example.com"),
            (("--paths-ignore", "[z-a]"), "[z-a] is no pattern"),
        ],
    )
    def test_says_what_is_wrong_and_sends_nothing(
        self, backfill: Backfill, ledger: StubLedger, options: tuple[str, ...], said: str
    ) -> None:
        done = backfill.run(*options)

        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert ledger.requests == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    def test_on_a_terminal_is_a_bar_with_rate_and_remaining_time(self) -> None:
        stream = Terminal()
        progress = Progress(
            Runtime(stderr=stream, columns=lambda: 63, clock=iter([0.0, 10.0, 20.0]).__next__), 4000
        )

        progress.advance(1000)
        progress.advance(1000)
        progress.finish()

        assert stream.getvalue().split("\r\x1b[K")[1:] == [
            "[####............] 1,000 of 4,000 commits, 100/s, 0:00:30 left",
            "[########........] 2,000 of 4,000 commits, 100/s, 0:00:20 left\n",
        ]

    def test_in_a_log_is_a_line_now_and_then(self) -> None:
        stream = io.StringIO()
        now = [0.0]
        progress = Progress(Runtime(stderr=stream, clock=lambda: now[0]), 12_000)

        for _ in range(24):
            now[0] += 1.0
            progress.advance(500)
        progress.finish()

        assert stream.getvalue().splitlines() == [
            "5,000 of 12,000 commits, 500/s, 0:00:14 left",
            "10,000 of 12,000 commits, 500/s, 0:00:04 left",
            "12,000 of 12,000 commits, 500/s, 0:00:00 left",
        ]

    def test_in_a_log_has_a_line_for_each_slow_batch(self) -> None:
        stream = io.StringIO()
        now = [0.0]
        progress = Progress(Runtime(stderr=stream, clock=lambda: now[0]), 1500)

        for _ in range(2):
            now[0] += 50.0
            progress.advance(500)

        assert stream.getvalue().splitlines() == [
            "500 of 1,500 commits, 10/s, 0:01:40 left",
            "1,000 of 1,500 commits, 10/s, 0:00:50 left",
        ]

    def test_in_a_log_holds_no_control_characters(
        self, history: Repository, backfill: Backfill
    ) -> None:
        done = backfill.run()

        assert "6 of 6 commits" in done.stderr
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.stderr)
