"""How a command that writes reaches the ledger: in the cloud, or where `make run` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.emulator.process import answers
from shared.commands.errors import CommandError
from shared.commands.local.data_directory import DataDirectory

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def open_for_writing(
    environment: Mapping[str, str], stack: ExitStack, *, cloud: str | None = None
) -> tuple[Client, str]:
    """A client that can write, and where to. `cloud` names a project; `stack` closes what was
    opened.

    Raises `CommandError` where no emulator is running, or where what is running shares its store
    with nobody.
    """
    from shared.store.browsing import NoCredentialsError, cloud_client, emulator_client
    from shared.store.embedded import EmbeddedStoreError, StoreInUseError, open_embedded

    if cloud:
        try:
            return cloud_client(project=cloud), f"the project {cloud}"
        except NoCredentialsError as error:
            raise CommandError(str(error)) from None
    data = DataDirectory(Path(environment["LEDGER_DATA_DIR"]))
    project = environment["GOOGLE_CLOUD_PROJECT"]
    if environment.get("LEDGER_BACKEND") != "embedded":
        running = data.run()
        host = named = environment.get("FIRESTORE_EMULATOR_HOST")
        if running and running.emulator_host and not named:
            host, project = running.emulator_host, running.project
        if host and answers(host):
            return emulator_client(host, project=project), f"the emulator at {host}"
        if named or "emulator" in data.holding():
            raise CommandError("The emulator is not running; start it with `make run` first")
    try:
        store = stack.enter_context(open_embedded(data.embedded, project=project))
    except StoreInUseError as error:
        raise CommandError(f"{error}; stop it first, since one process has it at a time") from None
    except EmbeddedStoreError as error:
        raise CommandError(f"The embedded store cannot be opened: {error}") from None
    return store.client(), f"the embedded store in {data.embedded}"
