"""`make smoke` against the real local service, and against ones that do not work."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from shared.commands.local.environment import DEFAULT_KEYS
from shared.commands.smoke import first_key
from shared.domain.smoke_check import REPOSITORY
from tests.end_to_end.local_run import LocalRun, clean_environment, run_command
from tests.ports import own_port

KEY = first_key(DEFAULT_KEYS)
STEPS = ("health", "ready", "track", "replay", "list", "void")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    with LocalRun(tmp_path_factory.mktemp("smoke") / "data", "embedded") as run:
        yield run


def smoke(
    url: str, *options: str, key: str = "", keys: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(**{"LEDGER_API_KEY": key} if key else {})
    return run_command("smoke", "--url", url, *options, environment=environment, given=keys)


def test_every_step_works_and_nothing_is_left_that_counts(service: LocalRun) -> None:
    done = smoke(service.address, key=KEY)
    assert done.stderr == ""
    assert [line.split() for line in done.stdout.splitlines()] == [[step, "ok"] for step in STEPS]
    assert done.returncode == 0
    assert service.get(f"/v1/contributions?repository={REPOSITORY}") == []
    assert service.get("/v1/assets") == []
    asset = service.get(f"/v1/assets/{REPOSITORY}")
    assert (asset["contribution_count"], asset["total_cost"]) == (0, "0.00")


def test_it_can_be_repeated_with_the_first_of_several_keys_from_stdin(service: LocalRun) -> None:
    for _ in range(2):
        done = smoke(service.address, "--keys-from-stdin", keys=f"{DEFAULT_KEYS},other=x\n")
        assert done.returncode == 0, done.stdout
    assert service.get(f"/v1/contributions?repository={REPOSITORY}") == []


def test_a_wrong_key_is_said_and_not_shown(service: LocalRun) -> None:
    done = smoke(service.address, key="wrong-secret")
    assert done.returncode == 1
    assert "track   failed: 401 unauthenticated" in done.stdout
    assert "replay" not in done.stdout
    assert "wrong-secret" not in done.stdout + done.stderr


def test_an_address_where_nobody_answers_is_said_at_the_first_step() -> None:
    done = smoke(f"http://127.0.0.1:{own_port()}", key=KEY)
    assert done.returncode == 1
    assert done.stdout.startswith("health  failed: no answer")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("url", ["http://ledger.example", "ftp://127.0.0.1", "ledger.example"])
def test_the_key_is_not_sent_where_others_could_read_it(url: str) -> None:
    done = smoke(url, key=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "https://" in done.stderr


def test_without_a_key_it_says_what_is_needed(service: LocalRun) -> None:
    done = smoke(service.address)
    assert (done.returncode, done.stdout) == (1, "")
    assert "LEDGER_API_KEY" in done.stderr
