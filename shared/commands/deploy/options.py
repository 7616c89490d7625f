"""What somebody who deploys may choose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.commands.errors import CommandError

DEFAULT_REGION = "us-central1"

# https://cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LOCATION = re.compile(r"[a-z]+(-[a-z]+)*[0-9]*")
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+")
_MEMORY = re.compile(r"[1-9][0-9]*(Mi|Gi)")


class OptionsError(CommandError):
    """An option has a value that cannot work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to deploy, and how large. Raises `OptionsError` where a value cannot work."""

    project: str
    region: str = DEFAULT_REGION
    # Where the documents are kept. It can never be changed, and may be a multi-region.
    database_location: str = ""
    # A Firebase hosting site of the project; what it serves now is replaced.
    site: str = ""
    alert_email: str = ""
    max_instances: int = 10
    # Requests that one instance answers at a time, each in a thread of its own.
    concurrency: int = 16
    # Of an instance; nothing lets each function have what it needs.
    memory: str = ""
    # `LEDGER_` variables of the functions, by name.
    settings: Mapping[str, str] = field(default_factory=dict)
    # The Python that runs this project's own commands.
    python: str = "python3"

    def __post_init__(self) -> None:
        object.__setattr__(self, "database_location", self.database_location or self.region)
        object.__setattr__(self, "site", self.site or self.project)
        mistakes = [
            *_unless(_PROJECT, self.project, "the project must be a project's id"),
            *_unless(_LOCATION, self.region, "the region must be one such as europe-west1"),
            *_unless(_LOCATION, self.database_location, "the location must be one such as eur3"),
            *_unless(_SITE, self.site, "the site must be a hosting site's id"),
        ]
        if self.memory:
            mistakes += _unless(_MEMORY, self.memory, "memory must be an amount such as 512Mi")
        if self.alert_email:
            mistakes += _unless(_EMAIL, self.alert_email, "alerts must go to an email address")
        if self.max_instances < 1 or not 1 <= self.concurrency <= 1000:
            mistakes.append("instances must be at least 1, concurrency 1 to 1000")
        if mistakes:
            raise OptionsError("; ".join(mistakes))

    @property
    def service_account(self) -> str:
        """The identity of the functions."""
        return f"ledger-functions@{self.project}.iam.gserviceaccount.com"

    @property
    def url(self) -> str:
        """Where hosting serves all functions."""
        return f"https://{self.site}.web.app"


def _unless(pattern: re.Pattern[str], value: str, mistake: str) -> list[str]:
    return [] if pattern.fullmatch(value) else [f"{mistake}, not {value!r}"]
