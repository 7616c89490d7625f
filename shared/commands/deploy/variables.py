"""Which `LEDGER_` variables a deployed function gets, from where, and how gcloud is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count

from shared.commands.errors import CommandError
from shared.commands.service import OF_CLIENTS
from shared.web.settings import PREFIX, Settings, SettingsError


class VariableRefused(CommandError):
    """A variable is unknown, wrong, or not for deployed functions."""


# Kept in Secret Manager, by the names that `steps.sh` gives them.
SECRETS = {
    "LEDGER_API_KEYS": "ledger-api-keys",
    "LEDGER_WEBHOOK_SECRETS": "ledger-webhook-secrets",
    "LEDGER_LOG_SALT": "ledger-log-salt",
}
PASSED_ON = frozenset(
    {
        "LEDGER_CONTRIBUTOR_TYPES",
        "LEDGER_CORS_ORIGINS",
        "LEDGER_OIDC_AUDIENCE",
        "LEDGER_OIDC_ISSUER",
        "LEDGER_OIDC_OWNERS",
        "LEDGER_PUBLIC_URL",
        "LEDGER_QUIET_AFTER_HOURS",
        "LEDGER_READ_ACCESS",
        "LEDGER_TRACKED_BRANCHES",
    }
)
LOCAL = frozenset({"LEDGER_BACKEND", "LEDGER_DATA_DIR"})

_ASSIGNMENT = re.compile(r"(LEDGER_[A-Z_]+)=(.*)", re.DOTALL)


def settings_to_deploy(environment: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """The variables for the functions: those of the environment, and `given` as NAME=VALUE.

    Raises `VariableRefused` for a variable that is not a setting, or that is not for deployed
    functions, or whose value is wrong.
    """
    chosen = {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in OF_CLIENTS
    }
    for assignment in given:
        match = _ASSIGNMENT.fullmatch(assignment)
        if not match:
            raise VariableRefused(f"A setting is given as LEDGER_NAME=VALUE, not {assignment!r}")
        chosen[match[1]] = match[2]
    chosen = {name: value.strip() for name, value in chosen.items() if value.strip()}
    for name, secret in SECRETS.items():
        if name in chosen:
            raise VariableRefused(
                f"{name} is kept in Secret Manager, as {secret}, and not given to this command; "
                "unset it"
            )
    for name in sorted(LOCAL & set(chosen)):
        raise VariableRefused(f"{name} is for local runs only; unset it")
    try:
        Settings.from_environment(chosen)
    except SettingsError as error:
        raise VariableRefused(str(error)) from None
    return chosen


def assignments(values: Mapping[str, str]) -> str:
    """Assignments for one flag of gcloud, separated by something that stands in none of them.

    https://cloud.google.com/sdk/gcloud/reference/topic/escaping
    """
    separators = chain(",;|", (f"~{number}~" for number in count()))
    separator = next(s for s in separators if not any(s in value for value in values.values()))
    joined = separator.join(f"{name}={value}" for name, value in values.items())
    return joined if separator == "," else f"^{separator}^{joined}"
