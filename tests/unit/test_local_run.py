"""The parts of `make run` that decide something: backend, data directory, restarts, banner."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from shared.commands.emulator import EmulatorMissing, Installation
from shared.commands.errors import CommandError
from shared.commands.local.backend import Embedded, ForeignEmulator, OwnEmulator, choose
from shared.commands.local.banner import banner
from shared.commands.local.data_directory import DataDirectory, Run
from shared.commands.local.environment import local_environment
from shared.commands.local.functions_process import FunctionsProcess, listen
from shared.commands.local.restarts import Restarts
from shared.embedded import open_embedded
from shared.web.settings import Settings
from tests.end_to_end.local_run import eventually

INSTALLATION = Installation(Path("java"), Path("emulator.jar"), "Main", "gcloud")


def found() -> Installation:
    return INSTALLATION


def missing() -> Installation:
    raise EmulatorMissing("no Java")


class TestChoose:
    def test_takes_the_emulator_of_this_machine(self) -> None:
        assert choose({}, found) == OwnEmulator(INSTALLATION)

    def test_falls_back_to_the_embedded_store_and_says_why(self) -> None:
        assert choose({}, missing) == Embedded(instead="no Java")

    def test_takes_an_emulator_that_runs_already_without_looking_further(self) -> None:
        environment = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:8085"}
        assert choose(environment, missing) == ForeignEmulator("127.0.0.1:8085")

    def test_embedded_can_be_forced_even_beside_an_emulator(self) -> None:
        environment = {"LEDGER_BACKEND": "embedded", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:8085"}
        assert choose(environment, found) == Embedded()

    def test_a_forced_emulator_that_is_missing_is_an_error_that_helps(self) -> None:
        with pytest.raises(CommandError, match=r"no Java.*gcloud components install"):
            choose({"LEDGER_BACKEND": "emulator"}, missing)

    def test_any_other_name_is_an_error(self) -> None:
        with pytest.raises(CommandError, match="must be emulator or embedded"):
            choose({"LEDGER_BACKEND": "postgres"}, found)


class TestDataDirectory:
    def test_is_held_by_one_run_at_a_time(self, tmp_path: Path) -> None:
        data = DataDirectory(tmp_path)
        other = DataDirectory(tmp_path)
        with (
            data.held(),
            pytest.raises(CommandError, match=f"process {os.getpid()} is serving"),
            other.held(),
        ):
            pass
        with other.held():
            pass

    def test_remembers_what_runs_until_it_is_forgotten(self, tmp_path: Path) -> None:
        data = DataDirectory(tmp_path)
        assert data.run() is None
        data.write_run(Run("emulator", "demo-ledger"))
        data.amend_run(emulator_host="127.0.0.1:1", emulator_pid=2)
        assert data.run() == Run("emulator", "demo-ledger", "127.0.0.1:1", 2)
        data.forget_run()
        assert data.run() is None
        data.forget_run()

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"backend": "emulator"}', '{"other": 1}'])
    def test_a_damaged_note_counts_as_none(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "run.json").write_text(text)
        assert DataDirectory(tmp_path).run() is None

    def test_an_embedded_store_holds_data_as_soon_as_a_document_is_in_it(
        self, tmp_path: Path
    ) -> None:
        data = DataDirectory(tmp_path)
        assert data.holding() == []
        for _ in range(2):
            open_embedded(data.embedded, project="demo-ledger").close()
            assert data.holding() == []
        with open_embedded(data.embedded, project="demo-ledger") as store:
            store.client().document("a/b").set({"c": 1})
        assert data.holding() == ["embedded"]

    def test_an_export_with_documents_is_data_of_the_emulator(self, tmp_path: Path) -> None:
        data = DataDirectory(tmp_path)
        data.exports.add(lambda folder: (folder / "output-0").write_text("a"))
        assert data.holding() == ["emulator"]

    def test_a_directory_that_cannot_be_made_is_an_error_with_its_variable(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(
            CommandError, match=r"cannot be used for the data .* in LEDGER_DATA_DIR"
        ):
            DataDirectory(tmp_path / "file").create()


class TestRestarts:
    def test_gives_up_when_a_process_dies_too_often(self) -> None:
        times = iter([0.0, 10.0, 20.0, 20.0])
        restarts = Restarts("it", limit=3, within=60.0, now=lambda: next(times))
        restarts.note()
        restarts.note()
        with pytest.raises(CommandError, match="it ended 3 times within 60 seconds"):
            restarts.note()

    def test_deaths_long_ago_do_not_count(self) -> None:
        times = iter([0.0, 50.0, 60.0, 60.0, 109.0, 109.0])
        restarts = Restarts("it", limit=3, within=60.0, now=lambda: next(times))
        for _ in range(3):
            restarts.note()
        with pytest.raises(CommandError):
            restarts.note()


class TestFunctionsProcess:
    def test_one_that_ends_by_itself_ends_the_run(self, tmp_path: Path) -> None:
        said: list[str] = []
        with listen("127.0.0.1", 0) as listener:
            functions = FunctionsProcess(
                listener,
                DataDirectory(tmp_path),
                source=tmp_path / "nothing here",
                environment=os.environ,
                changed_file=None,
                say=said.append,
            )
            functions.start()
            with pytest.raises(CommandError, match="process ended \\(exit code 1\\)"):
                eventually(functions.tick, what="the process has ended")
            functions.stop(hurry=lambda: False)
        assert said == []


class TestBanner:
    def text(self, **environment: str) -> str:
        full = local_environment(environment)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return banner(listener, Settings.from_environment(full), full, "a backend")

    def test_prints_the_default_key(self) -> None:
        text = self.text()
        assert "dev-key (named local; for local runs only)" in text
        assert "-H 'X-API-Key: dev-key'" in text

    def test_prints_only_the_names_of_other_keys(self) -> None:
        text = self.text(LEDGER_API_KEYS="laptop=hunter2,ci=swordfish")
        assert "from LEDGER_API_KEYS: laptop, ci" in text
        assert "hunter2" not in text
        assert "swordfish" not in text

    def test_shows_how_to_inspect_the_data_that_is_served(self) -> None:
        assert "\n  make inspect\n" in self.text()
        elsewhere = self.text(LEDGER_DATA_DIR="my data")
        assert "\n  LEDGER_DATA_DIR='my data' make inspect\n" in elsewhere

    def test_says_what_no_key_means(self) -> None:
        assert "none, so every write is refused" in self.text(LEDGER_API_KEYS="")


class TestEnvironment:
    def test_leaves_out_what_a_shell_has_exported_for_clients(self) -> None:
        full = local_environment({"LEDGER_API_KEY": "x", "LEDGER_URL": "https://x"})
        assert Settings.from_environment(full).api_keys == {"local": "dev-key"}
