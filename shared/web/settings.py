"""The service's settings: every `LEDGER_` environment variable, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shared.domain.api_key import normalise_key_name, normalise_repository_pattern
from shared.domain.branches import never_fits
from shared.domain.contributor import ContributorType
from shared.domain.identity import never_fits_an_address

PREFIX = "LEDGER_"
# https://docs.github.com/en/actions/reference/security/oidc
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?", re.ASCII)
_URL = re.compile(rf"{_ORIGIN.pattern}(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


class SettingsError(Exception):
    """The environment holds mistakes; the text names each of them, and no secret."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("Wrong settings: " + "; ".join(mistakes))


class ReadAccess(StrEnum):
    """Who may read: everybody (with addresses masked), or holders of a key."""

    PUBLIC = "public"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Secrets are kept out of the representation."""

    # Name to secret, in the order given.
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Of a secret that is not for every repository, patterns as a key has them.
    webhook_repositories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Patterns of branches whose pushes a webhook records, as `shared.domain.branches` has them;
    # none means each repository's default branch.
    tracked_branches: tuple[str, ...] = ()
    # Patterns of addresses, as `shared.domain.identity` has them.
    contributor_types: Mapping[str, ContributorType] = field(default_factory=dict)
    read_access: ReadAccess = ReadAccess.PUBLIC
    # Where the ledger is found, `https://host[/path]`; links are relative without it.
    public_url: str | None = None
    # The origins whose pages may read; none means all.
    cors_origins: frozenset[str] = frozenset()
    # GitHub's tokens are accepted where both are set: for whom they are made, and the numeric ids
    # of the owners whose repositories may record.
    oidc_audience: str | None = None
    oidc_owners: frozenset[str] = frozenset()
    oidc_issuer: str = GITHUB_ISSUER
    # Hours without a contribution after which tracking counts as quiet.
    quiet_after_hours: int = 72
    # Makes the hashes of addresses in logs comparable between instances.
    log_salt: str = field(default="", repr=False)
    project: str | None = None
    # What is deployed, as Cloud Run calls it.
    # https://cloud.google.com/run/docs/container-contract#services-env-vars
    revision: str | None = None
    # Firestore is the embedded store, else the emulator at `address:port`, else the cloud's.
    embedded: bool = False
    emulator_host: str | None = None
    data_dir: Path = Path(".data")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the `LEDGER_` variables; raises `SettingsError` with all that is wrong."""
        reader = _Reader(environment)
        webhook_secrets, webhook_repositories = reader.webhooks("LEDGER_WEBHOOK_SECRETS")
        settings = cls(
            api_keys=reader.api_keys("LEDGER_API_KEYS"),
            webhook_secrets=webhook_secrets,
            webhook_repositories=webhook_repositories,
            tracked_branches=reader.branches("LEDGER_TRACKED_BRANCHES"),
            contributor_types=reader.contributor_types("LEDGER_CONTRIBUTOR_TYPES"),
            read_access=ReadAccess(
                reader.choice("LEDGER_READ_ACCESS", [a.value for a in ReadAccess], "public")
            ),
            public_url=reader.url("LEDGER_PUBLIC_URL"),
            cors_origins=reader.origins("LEDGER_CORS_ORIGINS"),
            oidc_audience=reader.text("LEDGER_OIDC_AUDIENCE", "") or None,
            oidc_owners=frozenset(reader.items("LEDGER_OIDC_OWNERS")),
            oidc_issuer=reader.text("LEDGER_OIDC_ISSUER", GITHUB_ISSUER).rstrip("/"),
            quiet_after_hours=reader.whole("LEDGER_QUIET_AFTER_HOURS", 72, minimum=1),
            log_salt=reader.text("LEDGER_LOG_SALT", ""),
            project=environment.get("GOOGLE_CLOUD_PROJECT"),
            revision=environment.get("K_REVISION") or None,
            embedded=reader.choice("LEDGER_BACKEND", ["emulator", "embedded", ""], "")
            == "embedded",
            emulator_host=environment.get("FIRESTORE_EMULATOR_HOST") or None,
            data_dir=Path(reader.text("LEDGER_DATA_DIR", ".data")),
        )
        if (settings.oidc_audience is None) != (not settings.oidc_owners):
            reader.mistake("LEDGER_OIDC_AUDIENCE and LEDGER_OIDC_OWNERS go together")
        if not all(re.fullmatch("[1-9][0-9]*", owner) for owner in settings.oidc_owners):
            reader.mistake("LEDGER_OIDC_OWNERS must be numeric ids of GitHub accounts")
        # Which Cloud Run sets too: there the disk is gone with the instance.
        if settings.embedded and environment.get("K_SERVICE"):
            reader.mistake("LEDGER_BACKEND=embedded is for local runs only")
        reader.finish()
        return settings


class _Reader:
    """Reads variables, and gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {k: v.strip() for k, v in environment.items() if k.startswith(PREFIX)}
        self._known: set[str] = set()
        self._mistakes: list[str] = []

    def mistake(self, text: str) -> None:
        self._mistakes.append(text)

    def text(self, name: str, default: str) -> str:
        self._known.add(name)
        return self._values.get(name) or default

    def choice(self, name: str, allowed: list[str], default: str) -> str:
        value = self.text(name, default)
        if value in allowed:
            return value
        self._mistakes.append(f"{name} must be one of {', '.join(a for a in allowed if a)}")
        return default

    def whole(self, name: str, default: int, *, minimum: int) -> int:
        text = self.text(name, str(default))
        if text.isascii() and text.isdigit() and minimum <= int(text[:9]):
            return int(text[:9])
        self._mistakes.append(f"{name} must be a whole number of at least {minimum}")
        return default

    def url(self, name: str) -> str | None:
        """An http or https URL without a query, and without a slash at its end."""
        text = self.text(name, "").rstrip("/")
        if text and not _URL.fullmatch(text):
            self._mistakes.append(f"{name} must be like https://ledger.example")
        return text or None

    def origins(self, name: str) -> frozenset[str]:
        """Origins as browsers name them: https://www.rfc-editor.org/rfc/rfc6454#section-6.2."""
        origins = frozenset(self.items(name)) - {"*"}
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            self._mistakes.append(f"{name} must be origins, like https://pages.example")
        return origins

    def items(self, name: str) -> list[str]:
        """What stands between commas."""
        return [item.strip() for item in self.text(name, "").split(",") if item.strip()]

    def branches(self, name: str) -> tuple[str, ...]:
        """Patterns of branches, of which each can fit one."""
        patterns = tuple(self.items(name))
        for pattern in patterns:
            if never_fits(pattern):
                self._mistakes.append(
                    f"{name}: no branch can be called {pattern!r}; write names as `main`, and "
                    "patterns as `release/*`"
                )
        if patterns and all(pattern.startswith("!") for pattern in patterns):
            self._mistakes.append(f"{name} only takes branches out, and names none")
        return patterns

    def contributor_types(self, name: str) -> dict[str, ContributorType]:
        """`address=TYPE`, where an address may begin with `*`."""
        types: dict[str, ContributorType] = {}
        for item in self.items(name):
            pattern, _, kind = (part.strip() for part in item.rpartition("="))
            if not pattern or kind not in {t.value for t in ContributorType}:
                self._mistakes.append(f"{name} must be address=HUMAN, =BOT or =AGENT")
            elif never_fits_an_address(pattern):
                self._mistakes.append(
                    f"{name}: no address can be like {pattern!r}; write one as it is, or `*` and "
                    "the end of some"
                )
            else:
                types[pattern.lower()] = ContributorType(kind)
        return types

    def named_secrets(self, name: str) -> dict[str, str]:
        """`name=secret,name=secret`; a secret may hold `=`, and no comma."""
        secrets: dict[str, str] = {}
        for item in self.items(name):
            label, equals, secret = (part.strip() for part in item.partition("="))
            if not (label and equals and secret):
                self._mistakes.append(f"{name} must be name=secret, several separated by commas")
            elif label in secrets:
                self._mistakes.append(f"{name} names {label} twice")
            else:
                secrets[label] = secret
        return secrets

    def webhooks(self, name: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Secrets by name, and the patterns that stand in it, as in `name:octo/*|acme/site`."""
        secrets: dict[str, str] = {}
        repositories: dict[str, tuple[str, ...]] = {}
        for item, secret in self.named_secrets(name).items():
            label, colon, patterns = item.partition(":")
            if not label:
                self._mistakes.append(f"{name} must be name=secret, several separated by commas")
            elif label in secrets:
                self._mistakes.append(f"{name} names {label} twice")
            secrets[label] = secret
            if colon:
                try:
                    some = tuple(map(normalise_repository_pattern, patterns.split("|")))
                except ValueError as error:
                    # Not repeated: it may be half of a secret with a `=` in it.
                    self._mistakes.append(f"{name}: what stands behind a name and `:` {error}")
                else:
                    repositories[label] = some
        return secrets, repositories

    def api_keys(self, name: str) -> dict[str, str]:
        """Secrets by the names of their keys, which stand in `recorded_by` and in the log."""
        keys = self.named_secrets(name)
        for label in keys:
            try:
                normalise_key_name(label)
            except ValueError as error:
                # Not repeated: it may be half of a secret with a `=` in it.
                self._mistakes.append(f"{name}: the name of a key {error}")
        return keys

    def finish(self) -> None:
        unknown = sorted(set(self._values) - self._known)
        # A misspelt variable would leave a door open that its writer believes shut.
        mistakes = [*self._mistakes, *(f"{name} is not a setting" for name in unknown)]
        if mistakes:
            raise SettingsError(mistakes)
