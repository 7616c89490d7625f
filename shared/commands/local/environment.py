"""The environment of a local run."""

from __future__ import annotations

from collections.abc import Mapping

from shared.commands.service import OF_CLIENTS

# For local runs only: a deployed function without LEDGER_API_KEYS refuses every write.
DEFAULT_KEYS = "local=dev-key"
DEFAULT_DATA_DIR = ".data"

# Project ids that begin with `demo-` never reach a real project.
# https://firebase.google.com/docs/emulator-suite/connect_firestore#choose_a_firebase_project
_DEFAULTS = {
    "GOOGLE_CLOUD_PROJECT": "demo-ledger",
    "LEDGER_API_KEYS": DEFAULT_KEYS,
    "LEDGER_DATA_DIR": DEFAULT_DATA_DIR,
    "HOST": "127.0.0.1",
    "PORT": "8080",
    # As many requests at once; a deployment's concurrency.
    "THREADS": "16",
}


def local_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the defaults of a local run for what it does not set.

    What a shell has exported for clients is left out: a function would take it for a misspelling.
    """
    return _DEFAULTS | {name: environment[name] for name in environment if name not in OF_CLIENTS}
