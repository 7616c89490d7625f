"""Where the Firestore emulator and a Java that can run it are on this machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.commands.errors import CommandError

HOW_TO_GET = (
    "install Java 21 or newer, and then either `gcloud components install "
    "cloud-firestore-emulator` or `firebase setup:emulators:firestore`"
)

_JAR_IN_SDK = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_LOWEST_JAVA = 11
# https://docs.oracle.com/javase/specs/jvms/se21/html/jvms-4.html: version 55 is that of Java 11.
_CLASS_FILE_VERSION_OFFSET = 44
_SECONDS_FOR_A_QUESTION = 30


class EmulatorMissing(CommandError):
    """No emulator can be run here; the text says what was found and what was not."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An emulator that can be started. `origin` says where it comes from, for people."""

    java: Path
    jar: Path
    main_class: str
    origin: str

    def command(self, *options: str) -> list[str]:
        """The command line. The emulator's messages are only available in English."""
        classes = ["-cp", str(self.jar), self.main_class]
        return [str(self.java), "-Duser.language=en", *classes, "start", *options]


Ask = Callable[[Sequence[str]], str]


def ask(command: Sequence[str]) -> str:
    """What a command prints on both streams; nothing where it cannot be run."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS_FOR_A_QUESTION,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def find_emulator(environment: Mapping[str, str], *, home: Path, ask: Ask = ask) -> Installation:
    """The emulator of this machine, with a Java that can run it.

    Looked for in this order: the jar named by FIRESTORE_EMULATOR_BINARY_PATH, the newest one in
    firebase-tools' cache, the component of the Google Cloud SDK. Raises `EmulatorMissing`.
    """
    jar, origin = _find_jar(environment, home, ask)
    main_class, needed = _read_jar(jar)
    return Installation(_find_java(environment, ask, needed), jar, main_class, origin)


def _find_jar(environment: Mapping[str, str], home: Path, ask: Ask) -> tuple[Path, str]:
    named = environment.get("FIRESTORE_EMULATOR_BINARY_PATH")
    if named:
        if not Path(named).is_file():
            raise EmulatorMissing(f"FIRESTORE_EMULATOR_BINARY_PATH names no file: {named}")
        return Path(named), "FIRESTORE_EMULATOR_BINARY_PATH"

    cache = Path(
        environment.get("FIREBASE_EMULATORS_PATH") or home / ".cache" / "firebase" / "emulators"
    )
    cached = max(cache.glob("cloud-firestore-emulator-v*.jar"), key=_version, default=None)
    if cached:
        return cached, "firebase-tools"

    gcloud = shutil.which("gcloud", path=environment.get("PATH"))
    if not gcloud:
        raise EmulatorMissing("neither gcloud nor firebase-tools' Firestore emulator was found")
    for sdk in _sdk_roots(gcloud, ask):
        if (sdk / _JAR_IN_SDK).is_file():
            return sdk / _JAR_IN_SDK, "gcloud"
    raise EmulatorMissing("gcloud is installed without its component cloud-firestore-emulator")


def _version(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.name)]


def _sdk_roots(gcloud: str, ask: Ask) -> Iterator[Path]:
    # gcloud lies in the SDK's bin; asking it takes seconds, and is for wrappers elsewhere.
    beside = Path(gcloud).resolve().parent.parent
    yield beside
    if not (beside / "platform").is_dir():
        answer = ask([gcloud, "info", "--format=value(installation.sdk_root)"]).strip()
        if answer:
            yield Path(answer.splitlines()[-1])


def _read_jar(jar: Path) -> tuple[str, int]:
    """The class to start, and the Java version that it was compiled for."""
    try:
        with zipfile.ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
            named = re.search(r"^Main-Class: *(\S+)", manifest, re.MULTILINE)
            main_class = named[1] if named else _MAIN_CLASS
            with archive.open(main_class.replace(".", "/") + ".class") as class_file:
                version = int.from_bytes(class_file.read(8)[6:8])
    except (OSError, KeyError, zipfile.BadZipFile):
        raise EmulatorMissing(f"this is not the Firestore emulator: {jar}") from None
    return main_class, max(_LOWEST_JAVA, version - _CLASS_FILE_VERSION_OFFSET)


def _find_java(environment: Mapping[str, str], ask: Ask, needed: int) -> Path:
    seen: list[str] = []
    for java in _javas(environment):
        release = re.search(r'version "(?:1\.)?(\d+)', ask([str(java), "-version"]))
        if release and int(release[1]) >= needed:
            return java
        seen.append(f"{java} is {'Java ' + release[1] if release else 'no Java that runs'}")
    found = "; ".join(seen) or "none was found in JAVA_HOME or PATH"
    raise EmulatorMissing(f"the Firestore emulator needs Java {needed} or newer ({found})")


def _javas(environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("JAVA_HOME"):
        java = Path(environment["JAVA_HOME"], "bin", "java")
        if java.is_file():
            yield java
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path)
