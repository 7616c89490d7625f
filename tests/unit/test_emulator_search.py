"""Finding the emulator and its Java: fake folders, and a fake answer to each question."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.commands.emulator import EmulatorMissing, find_emulator

CLOUD_FIRESTORE = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JAVA_11, JAVA_21 = 55, 65


class Machine:
    """A home, a PATH and a Java, all in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.bin = root / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        self.environment = {"PATH": str(self.bin)}
        self.answers: dict[str, str] = {}
        self.asked: list[Sequence[str]] = []

    def ask(self, command: Sequence[str]) -> str:
        self.asked.append(command)
        return self.answers.get(Path(command[0]).name, "")

    def executable(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def java(self, version: str) -> Path:
        self.answers["java"] = f'openjdk version "{version}" 2025-04-15\n'
        return self.executable(self.bin / "java")

    def jar(
        self, path: Path, *, main_class: str = "", class_file: int = JAVA_11, manifest: str = ""
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        header = b"\xca\xfe\xba\xbe\x00\x00" + class_file.to_bytes(2)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{manifest}")
            archive.writestr((main_class or CLOUD_FIRESTORE).replace(".", "/") + ".class", header)
        return path

    def cached_jar(self, version: str, *, main_class: str = "", manifest: str = "") -> Path:
        folder = self.home / ".cache" / "firebase" / "emulators"
        path = folder / f"cloud-firestore-emulator-v{version}.jar"
        return self.jar(path, main_class=main_class, manifest=manifest)

    def sdk(self, root: Path, *, component: bool) -> Path:
        self.executable(root / "bin" / "gcloud")
        (root / "platform").mkdir()
        if component:
            self.jar(
                root / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
            )
        return root

    def missing(self) -> str:
        with pytest.raises(EmulatorMissing) as caught:
            find_emulator(self.environment, home=self.home, ask=self.ask)
        return str(caught.value)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestJar:
    def test_a_named_jar_comes_first(self, machine: Machine) -> None:
        machine.java("17.0.15")
        machine.cached_jar("1.19.8")
        named = machine.jar(machine.root / "named.jar")
        machine.environment["FIRESTORE_EMULATOR_BINARY_PATH"] = str(named)
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert (found.jar, found.origin) == (named, "FIRESTORE_EMULATOR_BINARY_PATH")

    def test_a_named_jar_that_is_not_there_is_an_error_even_if_there_is_another(
        self, machine: Machine
    ) -> None:
        machine.java("17.0.15")
        machine.cached_jar("1.19.8")
        machine.environment["FIRESTORE_EMULATOR_BINARY_PATH"] = "/nowhere.jar"
        assert machine.missing() == "FIRESTORE_EMULATOR_BINARY_PATH names no file: /nowhere.jar"

    def test_the_newest_of_firebase_tools_cache_is_taken_by_number(self, machine: Machine) -> None:
        machine.java("17.0.15")
        machine.cached_jar("1.9.9")
        newest = machine.cached_jar("1.19.8")
        machine.cached_jar("1.4.6")
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert (found.jar, found.origin) == (newest, "firebase-tools")

    def test_firebase_tools_may_keep_its_cache_elsewhere(self, machine: Machine) -> None:
        machine.java("17.0.15")
        elsewhere = machine.jar(machine.root / "elsewhere" / "cloud-firestore-emulator-v1.jar")
        machine.environment["FIREBASE_EMULATORS_PATH"] = str(elsewhere.parent)
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert found.jar == elsewhere

    def test_gclouds_component_is_found_through_a_link_without_asking_gcloud(
        self, machine: Machine
    ) -> None:
        machine.java("17.0.15")
        sdk = machine.sdk(machine.root / "lib" / "google-cloud-sdk", component=True)
        (machine.bin / "gcloud").symlink_to(sdk / "bin" / "gcloud")
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert found.origin == "gcloud"
        assert sdk.resolve() in found.jar.parents
        assert [Path(command[0]).name for command in machine.asked] == ["java"]

    def test_gcloud_is_asked_where_a_wrapper_stands_on_the_path(self, machine: Machine) -> None:
        machine.java("17.0.15")
        sdk = machine.sdk(machine.root / "sdk", component=True)
        machine.executable(machine.bin / "gcloud")
        machine.answers["gcloud"] = f"WARNING: something\n{sdk}\n"
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert sdk in found.jar.parents

    def test_gcloud_without_the_component_is_named_as_that(self, machine: Machine) -> None:
        machine.java("17.0.15")
        sdk = machine.sdk(machine.root / "sdk", component=False)
        (machine.bin / "gcloud").symlink_to(sdk / "bin" / "gcloud")
        assert "without its component" in machine.missing()

    def test_nothing_at_all_is_named_as_that(self, machine: Machine) -> None:
        assert machine.missing() == (
            "neither gcloud nor firebase-tools' Firestore emulator was found"
        )

    def test_a_file_that_is_no_emulator_is_refused(self, machine: Machine) -> None:
        machine.java("17.0.15")
        text = machine.root / "notes.jar"
        text.write_text("no archive")
        machine.environment["FIRESTORE_EMULATOR_BINARY_PATH"] = str(text)
        assert machine.missing() == f"this is not the Firestore emulator: {text}"

    def test_another_main_class_in_the_manifest_is_started(self, machine: Machine) -> None:
        java = machine.java("21")
        jar = machine.cached_jar(
            "2.0.0", main_class="com.example.Other", manifest="Main-Class: com.example.Other\r\n"
        )
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert found.command("--port=1") == [
            str(java),
            "-Duser.language=en",
            "-cp",
            str(jar),
            "com.example.Other",
            "start",
            "--port=1",
        ]


class TestJava:
    def test_java_home_comes_before_the_path(self, machine: Machine) -> None:
        machine.cached_jar("1.19.8")
        machine.java("17.0.15")
        preferred = machine.executable(machine.root / "jdk" / "bin" / "java")
        machine.environment["JAVA_HOME"] = str(machine.root / "jdk")
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert found.java == preferred

    def test_a_java_home_without_java_is_passed_over(self, machine: Machine) -> None:
        machine.cached_jar("1.19.8")
        on_path = machine.java("17.0.15")
        machine.environment["JAVA_HOME"] = str(machine.root / "gone")
        found = find_emulator(machine.environment, home=machine.home, ask=machine.ask)
        assert found.java == on_path

    @pytest.mark.parametrize(
        ("version", "named"), [("1.8.0_402", "Java 8"), ("10.0.2", "Java 10"), ("9", "Java 9")]
    )
    def test_an_old_java_is_named_with_what_is_needed(
        self, machine: Machine, version: str, named: str
    ) -> None:
        machine.cached_jar("1.19.8")
        java = machine.java(version)
        assert machine.missing() == (
            f"the Firestore emulator needs Java 11 or newer ({java} is {named})"
        )

    def test_what_is_needed_is_read_from_the_jar(self, machine: Machine) -> None:
        machine.java("17.0.15")
        jar = machine.jar(machine.root / "new.jar", class_file=JAVA_21)
        machine.environment["FIRESTORE_EMULATOR_BINARY_PATH"] = str(jar)
        assert "needs Java 21 or newer" in machine.missing()

    def test_a_java_that_does_not_run_is_named_as_that(self, machine: Machine) -> None:
        # As on macOS, where /usr/bin/java without a Java behind it only prints how to get one.
        machine.cached_jar("1.19.8")
        machine.java("17.0.15")
        machine.answers["java"] = "The operation couldn't be completed."
        assert "is no Java that runs" in machine.missing()

    def test_no_java_is_named_as_that(self, machine: Machine) -> None:
        machine.cached_jar("1.19.8")
        assert "none was found in JAVA_HOME or PATH" in machine.missing()
