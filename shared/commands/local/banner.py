"""What `make run` prints when everything runs."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Mapping

from shared.commands.local.environment import DEFAULT_DATA_DIR, DEFAULT_KEYS
from shared.web.settings import Settings

_EXAMPLE = {
    "contributor_email": "test@example.com",
    "repository": "seeker71/Coherence-Network",
    "commit_hash": "abc123",
    "cost_amount": 100.00,
    "metadata": {"files_changed": 3, "lines_added": 120},
}
# The first key, taken from the environment by the shell, so that no secret is printed.
_FIRST_KEY = '"X-API-Key: $(printf %s "$LEDGER_API_KEYS" | cut -d, -f1 | cut -d= -f2-)"'


def banner(
    listener: socket.socket, settings: Settings, environment: Mapping[str, str], backend: str
) -> str:
    """Where the functions are, on which backend, with which key, and a line to try them."""
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if environment["LEDGER_API_KEYS"] == DEFAULT_KEYS:
        name, secret = next(iter(settings.api_keys.items()))
        keys, header = f"{secret} (named {name}; for local runs only)", f"'X-API-Key: {secret}'"
    else:
        names = ", ".join(settings.api_keys) or "none, so every write is refused"
        keys, header = f"from LEDGER_API_KEYS: {names}", _FIRST_KEY
    data_dir = str(settings.data_dir)
    of_this = "" if data_dir == DEFAULT_DATA_DIR else f"LEDGER_DATA_DIR={shlex.quote(data_dir)} "
    return "\n".join(
        [
            "",
            f"Serving    {address}",
            f"Backend    {backend}",
            f"Project    {environment['GOOGLE_CLOUD_PROJECT']}",
            f"API key    {keys}",
            "",
            "Record a commit:",
            f"  curl -sS -X POST {address}/v1/contributions/github"
            f" -H 'Content-Type: application/json' -H {header} -d {shlex.quote(_example())}",
            "See it, in a browser or here:",
            f"  {address}/",
            f"  curl -sS {address}/v1/contributions",
            f"  {of_this}make inspect",
            "",
            "Ctrl-C stops.",
        ]
    )


def _example() -> str:
    return json.dumps(_EXAMPLE).replace("100.0,", "100.00,")
