"""The JSON store of the service that this ledger replaced, as its file has it.

The file is an object with the lists `contributors`, `assets` and `contributions`, in the order in
which they were recorded, all named by random UUIDs. Money stands in it as decimal text or as a
number. Times are UTC; the first versions wrote them without saying so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.domain.contributor import ContributorType
from shared.domain.email import normalise_email
from shared.domain.errors import InvalidInput
from shared.domain.fields import MAX_TEXT_LENGTH, Email, Metadata, parse
from shared.domain.identifiers import as_uuid
from shared.domain.money import parse_money
from shared.domain.repository import Repository, normalise_commit_hash
from shared.domain.timestamps import parse_timestamp

_MAX_NUMBER_LENGTH = 64
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A record of the file that does not come into the ledger as one of its own, and why.

    `place` is where it stands, such as `contributions[3]`; counted from 0, as JSON tools do.
    """

    place: str
    reason: str


def _uuid(value: object) -> str:
    uuid = as_uuid(value) if isinstance(value, str) else None
    if uuid is None:
        raise ValueError("must be a UUID")
    return uuid


def _money(value: object) -> int:
    # The old service kept whatever spelling of a decimal it was given: "1E+2", "10.0000000".
    if isinstance(value, str):
        value = number(value)
    return parse_money(value)


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("must be a finite number")
    if not 0 <= value <= 1:
        raise ValueError("must be from 0 to 1")
    return float(value)


def _time(value: object) -> datetime:
    if isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value):
        value += "Z"
    return parse_timestamp(value)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004
    text = _CONTROL.sub(" ", value).strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"must have at most {MAX_TEXT_LENGTH} characters")
    return text or None


_Id = Annotated[str, BeforeValidator(_uuid)]
_Money = Annotated[int, BeforeValidator(_money)]
_Time = Annotated[datetime, BeforeValidator(_time)]
_Text = Annotated[str | None, BeforeValidator(_text)]


class LegacyRecord(BaseModel):
    """What the records of all three lists have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: _Id


class LegacyContributor(LegacyRecord):
    """A contributor of the file."""

    email: Email
    name: _Text = None
    type: Annotated[
        ContributorType,
        BeforeValidator(lambda value: "BOT" if value == "SYSTEM" else value),
    ] = ContributorType.HUMAN
    wallet_address: _Text = None
    hourly_rate: _Money | None = None
    created_at: _Time | None = None
    total_cost: Any = None


class LegacyAsset(LegacyRecord):
    """An asset of the file."""

    type: Annotated[
        str,
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
        Field(pattern=r"^[A-Z][A-Z0-9_]{0,31}$"),
    ]
    name: _Text = None
    description: _Text = None
    created_at: _Time | None = None
    total_cost: Any = None


class LegacyContribution(LegacyRecord):
    """A contribution of the file."""

    contributor_id: _Id
    asset_id: _Id
    cost_amount: _Money
    coherence_score: Annotated[float, BeforeValidator(_score)]
    metadata: Metadata = Field(default_factory=dict)
    timestamp: _Time

    def commit(self) -> tuple[Repository, str] | None:
        """The commit that this is about; None where the metadata name none that can exist."""
        repository = repository_in(self.metadata.get("repository"))
        commit_hash = self.metadata.get("commit_hash")
        if repository is None or not isinstance(commit_hash, str):
            return None
        try:
            return repository, normalise_commit_hash(commit_hash)
        except ValueError:
            return None

    def commit_address(self) -> str | None:
        """The address that the commit was reported with, where it is one."""
        email = self.metadata.get("contributor_email")
        try:
            return normalise_email(email) if isinstance(email, str) else None
        except ValueError:
            return None


LISTS: dict[str, type[LegacyRecord]] = {
    "contributors": LegacyContributor,
    "assets": LegacyAsset,
    "contributions": LegacyContribution,
}

_L = TypeVar("_L", bound=LegacyRecord)


@dataclass(frozen=True)
class LegacyFile:
    """The file's content; `not_taken` gathers the records that could not be read, and why."""

    content: dict[str, Any]
    not_taken: list[NotTaken] = field(default_factory=list)

    @classmethod
    def parse(cls, data: bytes) -> LegacyFile:
        """Parse the file; raises `InvalidInput` where it is no JSON object with such lists.

        A number that is none (NaN, Infinity, out of range) spoils its record, not the file.
        """
        try:
            content = json.loads(
                data.decode("utf-8-sig"),
                parse_float=number,
                parse_int=lambda text: (
                    number(text) if len(text) > _MAX_NUMBER_LENGTH else int(text)
                ),
                parse_constant=Decimal,
            )
        except UnicodeDecodeError:
            raise InvalidInput.at("", "is not UTF-8") from None
        except json.JSONDecodeError as error:
            raise InvalidInput.at("", f"is not JSON: line {error.lineno}, {error.msg}") from None
        except RecursionError:
            raise InvalidInput.at("", "is nested too deeply") from None
        if not isinstance(content, dict) or "contributions" not in content:
            raise InvalidInput.at("", "must be a JSON object with a list contributions")
        for name in LISTS:
            if not isinstance(content.get(name, []), list):
                raise InvalidInput.at("", f"must have a list as {name}")
        return cls(content)

    def records(self, name: str, model: type[_L]) -> Iterator[tuple[str, _L]]:
        """The readable records of a list, each with its place."""
        seen: set[str] = set()
        for index, item in enumerate(self.content.get(name, [])):
            place = f"{name}[{index}]"
            try:
                record = parse(model, item)
            except InvalidInput as error:
                faults = (f"{f.pointer[1:]}: {f.message}".lstrip(": ") for f in error.faults)
                self.refuse(place, "; ".join(faults))
                continue
            if record.id in seen:
                self.refuse(place, "id: an earlier record of the list has the same")
                continue
            seen.add(record.id)
            yield place, record

    def refuse(self, place: str, reason: str) -> None:
        """Note that the record at this place is not taken."""
        self.not_taken.append(NotTaken(place, reason))


def number(text: str) -> Decimal:
    """The number in a text; NaN where there is none, for whoever uses it to refuse."""
    try:
        return Decimal(text) if len(text) <= _MAX_NUMBER_LENGTH else Decimal("NaN")
    except InvalidOperation:
        return Decimal("NaN")


def repository_in(name: object) -> Repository | None:
    """The repository that a value names, if it is such a name."""
    try:
        return Repository.parse(name) if isinstance(name, str) else None
    except ValueError:
        return None
