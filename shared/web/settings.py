"""The service's settings: every `LEDGER_` environment variable, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shared.domain.contributor import ContributorType

PREFIX = "LEDGER_"


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
    # Branches whose pushes a webhook records; none means each repository's default branch.
    tracked_branches: frozenset[str] = frozenset()
    # Patterns of addresses, as `shared.domain.identity` has them.
    contributor_types: Mapping[str, ContributorType] = field(default_factory=dict)
    read_access: ReadAccess = ReadAccess.PUBLIC
    # Only `embedded` changes what the functions do; otherwise the client's own environment
    # (FIRESTORE_EMULATOR_HOST, GOOGLE_CLOUD_PROJECT, default credentials) decides.
    embedded: bool = False
    data_dir: Path = Path(".data")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the `LEDGER_` variables; raises `SettingsError` with all that is wrong."""
        reader = _Reader(environment)
        settings = cls(
            api_keys=reader.named_secrets("LEDGER_API_KEYS"),
            webhook_secrets=reader.named_secrets("LEDGER_WEBHOOK_SECRETS"),
            tracked_branches=frozenset(reader.items("LEDGER_TRACKED_BRANCHES")),
            contributor_types=reader.contributor_types("LEDGER_CONTRIBUTOR_TYPES"),
            read_access=ReadAccess(
                reader.choice("LEDGER_READ_ACCESS", [a.value for a in ReadAccess], "public")
            ),
            embedded=reader.choice("LEDGER_BACKEND", ["emulator", "embedded", ""], "")
            == "embedded",
            data_dir=Path(reader.text("LEDGER_DATA_DIR", ".data")),
        )
        reader.finish()
        return settings


class _Reader:
    """Reads variables, and gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {k: v.strip() for k, v in environment.items() if k.startswith(PREFIX)}
        self._known: set[str] = set()
        self._mistakes: list[str] = []

    def text(self, name: str, default: str) -> str:
        self._known.add(name)
        return self._values.get(name) or default

    def choice(self, name: str, allowed: list[str], default: str) -> str:
        value = self.text(name, default)
        if value in allowed:
            return value
        self._mistakes.append(f"{name} must be one of {', '.join(a for a in allowed if a)}")
        return default

    def items(self, name: str) -> list[str]:
        """What stands between commas."""
        return [item.strip() for item in self.text(name, "").split(",") if item.strip()]

    def contributor_types(self, name: str) -> dict[str, ContributorType]:
        """`address=TYPE`, where an address may begin with `*`."""
        types: dict[str, ContributorType] = {}
        for item in self.items(name):
            pattern, _, kind = (part.strip() for part in item.rpartition("="))
            if not pattern or kind not in {t.value for t in ContributorType}:
                self._mistakes.append(f"{name} must be address=HUMAN, =BOT or =AGENT")
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

    def finish(self) -> None:
        unknown = sorted(set(self._values) - self._known)
        # A misspelt variable would leave a door open that its writer believes shut.
        mistakes = [*self._mistakes, *(f"{name} is not a setting" for name in unknown)]
        if mistakes:
            raise SettingsError(mistakes)
