"""The script of a deployment: the chosen values, and after them the steps, which are the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from shared.commands.deploy.options import Options
from shared.commands.deploy.variables import assignments

_STEPS = Path(__file__).with_name("steps.sh")


def script(options: Options, functions: Iterable[str], *, root: Path) -> str:
    """What bash is to run to deploy the functions (by their deployed names) from `root`."""
    variables = {
        # Where hosting serves them, unless there is an address of their own in front of it.
        "LEDGER_PUBLIC_URL": options.url,
        **options.settings,
        "GOOGLE_CLOUD_PROJECT": options.project,
        # functions-framework answers this many requests at a time, whatever Cloud Run sends.
        "THREADS": str(options.concurrency),
    }
    values = {
        "PROJECT": options.project,
        "REGION": options.region,
        "DATABASE_LOCATION": options.database_location,
        "SITE": options.site,
        "ALERT_EMAIL": options.alert_email,
        "MAX_INSTANCES": str(options.max_instances),
        "CONCURRENCY": str(options.concurrency),
        "MEMORY": options.memory,
        "VARIABLES": assignments(variables),
        "FUNCTIONS": " ".join(functions),
        "PYTHON": options.python,
    }
    chosen = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
    steps = _STEPS.read_text(encoding="utf-8")
    return f"#!/usr/bin/env bash\ncd {shlex.quote(str(root))} || exit\n{chosen}\n{steps}"
