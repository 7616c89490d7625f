"""How a command reaches the ledger: in the cloud, where `make run` serves, or what it has kept;
and how it ends.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from shared.commands.emulator import Emulator, find_emulator
from shared.commands.emulator.exports import metadata
from shared.commands.emulator.process import answers, runs_at
from shared.commands.errors import CommandError
from shared.commands.local.data_directory import DataDirectory
from shared.domain.errors import LedgerError
from shared.web.settings import SettingsError

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.embedded import EmbeddedFirestore


def ended(work: Callable[[], None]) -> int:
    """Do the work of a command; returns the exit code: 0, or 1 when a sentence has said why not."""
    try:
        work()
    except (CommandError, SettingsError, LedgerError, GoogleAuthError) as error:
        print(error, file=sys.stderr)
    except GoogleAPIError as error:
        # Its text may name documents, and with them addresses.
        print(f"Firestore refused: {type(error).__name__}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. Run it again to go on.", file=sys.stderr)
    else:
        return 0
    return 1


def open_for_writing(
    environment: Mapping[str, str], stack: ExitStack, *, cloud: str | None = None
) -> tuple[Client, str]:
    """A client that can write, and where to. `cloud` names a project; `stack` closes what was
    opened.

    Raises `CommandError` where the backend cannot be had.
    """
    from shared.embedded import EmbeddedStoreError, open_embedded
    from shared.store.clients import NoCredentialsError, cloud_client, emulator_client

    if cloud:
        try:
            return cloud_client(project=cloud), f"the project {cloud}"
        except NoCredentialsError as error:
            raise CommandError(str(error)) from None
    data = DataDirectory(Path(environment["LEDGER_DATA_DIR"]))
    project = environment["GOOGLE_CLOUD_PROJECT"]
    host = named = environment.get("FIRESTORE_EMULATOR_HOST")
    running = data.run()
    if running and running.backend == "embedded" and not named:
        project = running.project
    elif environment.get("LEDGER_BACKEND") != "embedded":
        if running and running.emulator_host and not named:
            host, project = running.emulator_host, running.project
        if host and answers(host):
            return emulator_client(host, project=project), f"the emulator at {host}"
        if named or "emulator" in data.holding():
            raise CommandError("The emulator is not running; start it with `make run` first")
    try:
        store = stack.enter_context(open_embedded(data.embedded, project=project))
    except EmbeddedStoreError as error:
        raise CommandError(f"The embedded store cannot be opened: {error}") from None
    return store.client(), f"the embedded store in {data.embedded}"


def open_for_reading(environment: Mapping[str, str], stack: ExitStack) -> tuple[Client, str]:
    """A client on the documents that there are, and where they are. `stack` closes what was opened.

    Raises `CommandError` where the backend cannot be had.
    """
    from shared.store.clients import emulator_client

    project = environment["GOOGLE_CLOUD_PROJECT"]
    forced = environment.get("LEDGER_BACKEND")
    data = DataDirectory(Path(environment["LEDGER_DATA_DIR"]))
    named = environment.get("FIRESTORE_EMULATOR_HOST")
    if named and forced != "embedded":
        if not answers(named):
            raise CommandError(f"No emulator answers at FIRESTORE_EMULATOR_HOST={named}")
        return emulator_client(named, project=project), f"the emulator at {named}"

    running = data.run()
    if running and forced in {None, "", running.backend}:
        host = running.emulator_host
        if host and _is_there(host, running.emulator_pid):
            return emulator_client(host, project=running.project), f"the emulator at {host}"
        if running.backend == "embedded":
            forced, project = "embedded", running.project

    backend = forced or next(iter(data.holding()), "embedded")
    if backend == "embedded":
        store, where = embedded_store(environment, stack, project=project)
        return store.client(), where
    newest = next(iter(data.exports.complete()), None)
    if newest is None:
        raise CommandError(f"There is no data of the emulator in {data.root}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    installation = find_emulator(environment, home=Path.home())
    emulator = Emulator.start(installation, log=folder / "log", metadata=metadata(newest))
    stack.callback(emulator.stop)
    return emulator_client(emulator.host, project=project), f"the emulator's latest export {newest}"


def embedded_store(
    environment: Mapping[str, str], stack: ExitStack, *, project: str = ""
) -> tuple[EmbeddedFirestore, str]:
    """The embedded store, to be read only, whatever else there is; raises `CommandError`."""
    from shared.embedded import EmbeddedStoreError, read_embedded

    data = DataDirectory(Path(environment["LEDGER_DATA_DIR"]))
    try:
        store = stack.enter_context(read_embedded(data.embedded, project=project))
    except EmbeddedStoreError as error:
        raise CommandError(f"The embedded store cannot be opened: {error}") from None
    return store, f"the embedded store in {data.embedded}"


def _is_there(host: str, pid: int | None) -> bool:
    # A run that was killed leaves its note behind, and its port may be somebody else's by now.
    return answers(host) and (pid is None or runs_at(pid, host))
