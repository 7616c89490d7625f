"""Which `LEDGER_` variables a deployed function gets, and from where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.commands.errors import CommandError
from shared.web.settings import PREFIX, Settings, SettingsError


class VariableRefused(CommandError):
    """A variable is unknown, wrong, or not for deployed functions."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable whose value is kept in Secret Manager. `label` names its first value."""

    variable: str
    name: str
    label: str | None = None


SECRETS = (
    Secret("LEDGER_API_KEYS", "ledger-api-keys", label="first"),
    Secret("LEDGER_WEBHOOK_SECRETS", "ledger-webhook-secrets", label="github"),
    Secret("LEDGER_LOG_SALT", "ledger-log-salt"),
)

PASSED_ON = frozenset(
    {
        "LEDGER_CONTRIBUTOR_TYPES",
        "LEDGER_OIDC_AUDIENCE",
        "LEDGER_OIDC_ISSUER",
        "LEDGER_OIDC_OWNERS",
        "LEDGER_QUIET_AFTER_HOURS",
        "LEDGER_READ_ACCESS",
        "LEDGER_TRACKED_BRANCHES",
    }
)
LOCAL = frozenset({"LEDGER_BACKEND", "LEDGER_DATA_DIR"})
# Those of clients, which no function reads.
_OF_CLIENTS = frozenset({"LEDGER_API_KEY", "LEDGER_URL"})

_ASSIGNMENT = re.compile(r"(LEDGER_[A-Z_]+)=(.*)", re.DOTALL)


def settings_to_deploy(environment: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """The variables for the functions: those of the environment, and `given` as NAME=VALUE.

    Raises `VariableRefused` for a variable that is not a setting, or that is not for deployed
    functions, or whose value is wrong.
    """
    chosen = {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in _OF_CLIENTS
    }
    for assignment in given:
        match = _ASSIGNMENT.fullmatch(assignment)
        if not match:
            raise VariableRefused(f"A setting is given as LEDGER_NAME=VALUE, not {assignment!r}")
        chosen[match[1]] = match[2]
    chosen = {name: value.strip() for name, value in chosen.items() if value.strip()}
    for secret in SECRETS:
        if secret.variable in chosen:
            raise VariableRefused(
                f"{secret.variable} is kept in Secret Manager, as {secret.name}, and not given to "
                "this command; unset it"
            )
    for name in sorted(LOCAL & set(chosen)):
        raise VariableRefused(f"{name} is for local runs only; unset it")
    try:
        Settings.from_environment(chosen)
    except SettingsError as error:
        raise VariableRefused(str(error)) from None
    return chosen
