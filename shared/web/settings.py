"""The service's settings: every `LEDGER_` environment variable, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

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

    def named_secrets(self, name: str) -> dict[str, str]:
        """`name=secret,name=secret`; a secret may hold `=`, and no comma."""
        secrets: dict[str, str] = {}
        for item in filter(None, (item.strip() for item in self.text(name, "").split(","))):
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
