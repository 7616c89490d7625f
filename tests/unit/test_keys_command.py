"""`make keys`, run as a process: a key is shown once, and nothing else ever tells it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.commands.keys import describe, main
from shared.domain.api_key import ApiKey, Scope, key_digest
from shared.embedded import open_embedded, read_embedded
from shared.store.clients import emulator_client
from shared.web.settings import Settings
from tests.backends import new_project
from tests.contract.books import documents
from tests.end_to_end.local_run import clean_environment, run_command
from tests.http.framework import REPORT, Service

KEY = re.compile(r"clk_([a-z2-7]{16})_[A-Za-z0-9_-]{43}")
NOW = datetime(2024, 5, 1, tzinfo=UTC)


@dataclass
class Operator:
    """Runs the command against one backend, and looks at what is kept there."""

    environment: dict[str, str]
    backend: str
    open_client: Callable[[], Any]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_command("keys", *arguments, environment=self.environment)

    def create(self, *arguments: str) -> str:
        """The text of a new key."""
        done = self.run("create", *arguments)
        assert done.returncode == 0, done.stderr
        assert KEY.fullmatch(done.stdout.strip())
        return done.stdout.strip()

    @contextmanager
    def service(self) -> Iterator[Service]:
        """The functions on the same data."""
        with self.open_client() as client:
            yield Service(lambda: client, Settings())

    def kept(self) -> dict[str, dict[str, Any]]:
        with self.open_client() as client:
            return documents(client, "keys")


@pytest.fixture
def embedded(tmp_path: Path) -> Operator:
    environment = clean_environment(LEDGER_DATA_DIR=str(tmp_path), LEDGER_BACKEND="embedded")

    @contextmanager
    def open_client() -> Iterator[Client]:
        with open_embedded(tmp_path / "embedded", project="demo-ledger") as store:
            yield store.client()

    return Operator(environment, f"the embedded store in {tmp_path / 'embedded'}", open_client)


@pytest.fixture
def on_emulator(emulator: str, tmp_path: Path) -> Operator:
    project = new_project()
    environment = clean_environment(
        LEDGER_DATA_DIR=str(tmp_path),
        FIRESTORE_EMULATOR_HOST=emulator,
        GOOGLE_CLOUD_PROJECT=project,
    )

    @contextmanager
    def open_client() -> Iterator[Client]:
        client = emulator_client(emulator, project=project)
        try:
            yield client
        finally:
            client._firestore_api.transport.close()

    return Operator(environment, f"the emulator at {emulator}", open_client)


@pytest.fixture(params=["embedded", "on_emulator"])
def operator(request: pytest.FixtureRequest) -> Operator:
    operator: Operator = request.getfixturevalue(request.param)
    return operator


def secret_of(text: str) -> str:
    """What proves a key; underscores are among its characters."""
    return text.split("_", 2)[2]


def test_a_key_is_created_shown_once_listed_used_and_revoked(operator: Operator) -> None:
    created = operator.run(
        "create", "--name", "ci of octo", "--scope", "record", "--repository", "Octo/*"
    )
    assert created.returncode == 0
    text = created.stdout.strip()
    secret = secret_of(text)
    [(key_id, document)] = operator.kept().items()
    # Once on the standard output, alone, so that it can be piped on; and nowhere else.
    assert created.stdout == f"{text}\n"
    assert created.stderr == (f"In {operator.backend}:\nKeep it now: it is not shown again.\n")
    assert KEY.fullmatch(text)
    assert text.split("_")[1] == key_id
    assert document["digest"] == key_digest(text.encode())
    assert secret not in str(document)

    with operator.service() as service:
        header = {"X-API-Key": text}
        report = REPORT | {"repository": "octo/one"}
        recorded = service.post("/v1/contributions/github", report, headers=header)
        assert recorded.status_code == 201
        assert recorded.get_json()["recorded_by"] == "ci of octo"
        refused = service.post("/v1/contributions/github", REPORT, headers=header)
        assert refused.status_code == 403

    listed = operator.run("list")
    assert listed.returncode == 0
    assert re.fullmatch(
        rf"{key_id}  ci of octo  record  octo/\*  valid until revoked, last used \S+Z\n",
        listed.stdout,
    )
    revoked = operator.run("revoke", key_id)
    assert revoked.returncode == 0
    assert revoked.stdout == ""
    assert f"{key_id} is revoked" in revoked.stderr
    assert re.search(r"  revoked \S+Z\n$", operator.run("list").stdout)
    with operator.service() as service:
        report = REPORT | {"repository": "octo/one", "commit_hash": "bbbbbb"}
        response = service.post("/v1/contributions/github", report, headers=header)
        assert response.status_code == 401
    for done in (listed, revoked, operator.run("list")):
        assert secret not in done.stdout + done.stderr
        assert document["digest"] not in done.stdout + done.stderr


def test_each_key_is_another_one(embedded: Operator, tmp_path: Path) -> None:
    texts = {embedded.create("--name", f"ci {n}", "--scope", "read") for n in range(3)}
    assert len(texts) == 3
    assert len({key_digest(text.encode()) for text in texts}) == 3
    kept = b"".join(file.read_bytes() for file in (tmp_path / "embedded").iterdir())
    assert not any(secret_of(text).encode() in kept for text in texts)


def test_options_are_kept_as_they_were_given(embedded: Operator, tmp_path: Path) -> None:
    embedded.create(
        *("--name", " ops ", "--scope", "record", "--expires", "2099-01-02T03:04:05Z"),
        *("--repository", "Octo/One", "--repository", "octo/*", "--repository", "octo/one"),
        *("--repository=-ACE-/*", "--repository=-ACE-/demo"),
    )
    embedded.create("--name", "soon", "--scope", "admin", "--expires", "30")
    with read_embedded(tmp_path / "embedded", project="demo-ledger") as store:
        kept = {key["name"]: key for key in documents(store.client(), "keys").values()}
    assert kept["ops"]["repositories"] == ["octo/one", "octo/*", "-ace-/*", "-ace-/demo"]
    assert kept["ops"]["expires_at"] == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    left = kept["soon"]["expires_at"] - kept["soon"]["created_at"]
    assert abs(left - timedelta(days=30)) < timedelta(minutes=10)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["create", "--name", "x"],
        ["create", "--name", "x", "--scope", "everything"],
        ["create", "--name", "", "--scope", "read"],
        ["create", "--name", "x" * 65, "--scope", "read"],
        ["create", "--name", "two\nlines", "--scope", "read"],
        ["create", "--name", "ops@example.com", "--scope", "read"],
        ["create", "--name", "webhook:github", "--scope", "record"],
        ["create", "--name", "oidc:octo/one", "--scope", "record"],
        ["create", "--name", "anonymous", "--scope", "record"],
        ["create", "--name", "import", "--scope", "record"],
        ["create", "--name", " Import ", "--scope", "record"],
        ["create", "--name", "WebHook : main", "--scope", "record"],
        ["create", "--name", "oidc\uff1aocto/one", "--scope", "record"],
        ["create", "--name", "anony\u200bmous", "--scope", "record"],
        ["create", "--name", "x", "--scope", "record", "--repository", "octo"],
        ["create", "--name", "x", "--scope", "record", "--repository", "*/*"],
        ["create", "--name", "x", "--scope", "record", "--expires", "soon"],
        ["create", "--name", "x", "--scope", "record", "--expires", "-1"],
        ["create", "--name", "x", "--scope", "record", "--expires", "0"],
        ["create", "--name", "x", "--scope", "record", "--expires", "2020-01-01T00:00:00Z"],
        ["revoke"],
        ["revoke", "../contributions/x"],
        ["revoke", f"clk_{'a' * 16}_{'s' * 43}"],
    ],
    ids=lambda arguments: " ".join(arguments)[-40:],
)
def test_what_makes_no_sense_is_said_before_anything_is_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["keys", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error: " in printed.err
    # A whole key may have been given where its id was wanted.
    assert "s" * 43 not in printed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["create", "--name", "x", "--scope", "admin", "--repository", "octo/*"],
            "--repository goes with the scope record only",
        ),
        (["revoke", "a" * 16], "Key not found"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    embedded: Operator, arguments: list[str], said: str
) -> None:
    done = embedded.run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f":\n{said}\n")
    assert embedded.kept() == {}


def test_a_key_is_created_and_revoked_while_the_store_serves(embedded: Operator) -> None:
    with embedded.service() as service:
        key = embedded.create("--name", "ci", "--scope", "admin")
        header = {"X-API-Key": key}
        posted = service.post("/v1/contributions/github", REPORT, headers=header)
        assert posted.status_code == 201
        assert embedded.run("revoke", key.split("_")[1]).returncode == 0
        assert "revoked" in embedded.run("list").stdout


@pytest.mark.parametrize("name", ["ci", "CI", " c i ", "\uff43\uff49"])
def test_a_name_that_looks_like_another_keys_is_refused(embedded: Operator, name: str) -> None:
    embedded.create("--name", "ci", "--scope", "record")
    done = embedded.run("create", "--name", name, "--scope", "admin")
    assert (done.returncode, done.stdout) == (1, "")
    assert "choose another name" in done.stderr
    assert len(embedded.kept()) == 1


def test_a_revoked_keys_name_stays_its_own(embedded: Operator) -> None:
    text = embedded.create("--name", "ci", "--scope", "record")
    embedded.run("revoke", text.split("_")[1])
    assert embedded.run("create", "--name", "ci", "--scope", "record").returncode == 1


def test_a_cloud_without_credentials_is_said(embedded: Operator, tmp_path: Path) -> None:
    embedded.environment |= {
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json"),
        "HOME": str(tmp_path),
    }
    done = embedded.run("--cloud", "demo-nowhere", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "missing.json" in done.stderr
    assert "Traceback" not in done.stderr


class TestDescribe:
    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({}, "valid until revoked, last used never"),
            (
                {"expires_at": NOW + timedelta(days=1), "last_used_at": NOW},
                "valid until 2024-05-02T00:00:00Z, last used 2024-05-01T00:00:00Z",
            ),
            ({"expires_at": NOW}, "expired"),
            ({"revoked_at": NOW, "expires_at": NOW}, "revoked 2024-05-01T00:00:00Z"),
        ],
    )
    def test_tells_the_state_and_nothing_that_opens_a_door(
        self, changes: dict[str, Any], state: str
    ) -> None:
        key = ApiKey(id="a" * 16, name="ci", scope=Scope.ADMIN, digest="d" * 64)
        line = describe(key.model_copy(update=changes), NOW)
        assert line == f"{'a' * 16}  ci  admin  every repository  {state}"
