"""The field types that the models share: how each is read from JSON, and how it is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from shared.domain.email import EMAIL_PATTERN, MAX_EMAIL_LENGTH, mask_text, normalise_email
from shared.domain.errors import Fault, InvalidInput
from shared.domain.metadata import parse_metadata
from shared.domain.money import format_money, parse_money
from shared.domain.repository import (
    NAME_PATTERN,
    OWNER_PATTERN,
    Repository,
    normalise_commit_hash,
)
from shared.domain.timestamps import format_timestamp, parse_timestamp
from shared.domain.unreadable import UNSEEN_CHARACTERS, UNSTORABLE, Unreadable, is_blank

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_M = TypeVar("_M", bound=BaseModel)

# The default of a field that may be left out, and may not be null.
LEFT_OUT: Any = None
MAX_NAME_LENGTH = 256
MAX_URL_LENGTH = 2048
MAX_TEXT_LENGTH = 1024
# An error says what to mend; said of every one of a million faults, it would fill the memory.
MAX_FAULTS = 20
MAX_UNKNOWN_FIELDS = 20
MAX_POINTER_LENGTH = 256


class Request(BaseModel):
    """What a client sends. A misspelt field is an error: ignored, it would lose what was meant."""

    # Built when it is first used: a start needs few of the models.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_unknown_fields(cls, value: object) -> object:
        # Before each of them becomes a fault: a large body has room for hundreds of thousands.
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + MAX_UNKNOWN_FIELDS:
            raise ValueError(f"must have no unknown fields, and has over {MAX_UNKNOWN_FIELDS}")
        return value


class Stored(BaseModel):
    """What the ledger keeps and answers. Fields of a document that it does not know are left."""

    # An answer holds every field, also those with defaults, and its schema says so.
    model_config = ConfigDict(
        frozen=True, defer_build=True, json_schema_serialization_defaults_required=True
    )

    def shown(self) -> dict[str, Any]:
        """The JSON form, as every answer has it."""
        return self.model_dump(mode="json")


def parse(model: type[_M], value: object) -> _M:
    """Validate parsed JSON; raises `InvalidInput` with a pointer for each fault, no value in it.

    Of many faults, the first 20 are named.
    """
    if not isinstance(value, dict):
        raise InvalidInput.at("", "must be a JSON object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidInput(
            Fault(_pointer(e["loc"]), _message(e))
            for e in error.errors(include_url=False)[:MAX_FAULTS]
        ) from None


def _message(error: ErrorDetails) -> str:
    """What is wrong, in JSON's words where pydantic's are Python's."""
    if isinstance(error["input"], Unreadable):
        return error["input"].why
    match error["type"]:
        case "too_long":
            return f"must have at most {error['ctx']['max_length']} items"
        case "too_short":
            return "must not be empty"
        case "tuple_type" | "list_type":
            return "must be a list"
        case "string_unicode":
            return "must hold no half of a surrogate pair"
        case "model_type" | "dict_type":
            return "must be a JSON object"
        case _:
            return error["msg"].removeprefix("Value error, ")


def _pointer(location: Sequence[str | int]) -> str:
    # The name of an unknown field is the client's text, and may hold an address or half a
    # character, which no answer could be written with.
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    pointer = mask_text("".join(f"/{part}" for part in parts))[:MAX_POINTER_LENGTH]
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", pointer)


def a_line(maximum: int) -> Callable[[object], object]:
    def validate(value: object) -> object:
        if not isinstance(value, str):
            return value
        value = value.strip()
        if is_blank(value):
            raise ValueError("must not be empty")
        if len(value) > maximum:
            raise ValueError(f"must have at most {maximum} characters")
        if any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
            raise ValueError("must hold no control characters")
        return value

    return validate


def _from_text(convert: Callable[[str], object]) -> Callable[[object], object]:
    # Other types go on to pydantic, which says in its own words that a string is wanted.
    return lambda value: convert(value) if isinstance(value, str) else value


def _repository(value: object) -> Repository:
    if not isinstance(value, str):
        raise ValueError("Input should be a valid string")  # noqa: TRY004
    return Repository.parse(value)


def parse_url(text: str) -> str:
    """An http or https address of at most 2048 characters; raises `ValueError` for other text."""
    if len(text) > MAX_URL_LENGTH:
        raise ValueError(f"must have at most {MAX_URL_LENGTH} characters")
    if not text.isprintable() or " " in text:
        raise ValueError("must hold no white space or control characters")
    try:
        parts = urlsplit(text)
        well_formed = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        # Not passed on: it quotes the host, and what stands before an `@` in it.
        well_formed = False
    if not well_formed:
        raise ValueError("must be an http or https URL")
    return text


# Control characters, for the patterns that the schemas show.
_CONTROL = r"\u0000-\u001f\u007f-\u009f"
_TEXT_PATTERN = f"^[^{_CONTROL}]*[^\\s{_CONTROL}{UNSEEN_CHARACTERS}][^{_CONTROL}]*$"

Email = Annotated[
    str,
    BeforeValidator(_from_text(normalise_email)),
    Field(
        json_schema_extra={
            "pattern": EMAIL_PATTERN,
            "maxLength": MAX_EMAIL_LENGTH,
            "description": (
                "As git has it; kept in lower case and without characters that nobody sees."
            ),
            "examples": ["test@example.com"],
        }
    ),
]
RepositoryName = Annotated[
    InstanceOf[Repository],
    BeforeValidator(_repository),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^{OWNER_PATTERN}/(?!\.{{1,2}}$){NAME_PATTERN}$",
            "description": "`owner/name` as GitHub spells it; case makes no difference.",
            "examples": ["seeker71/Coherence-Network"],
        }
    ),
]
CommitHash = Annotated[
    str,
    BeforeValidator(_from_text(normalise_commit_hash)),
    Field(
        json_schema_extra={
            "pattern": "^[0-9a-fA-F]{6,64}$",
            "description": (
                "Send the full hash, 40 or 64 digits. A shorter one is taken too, and is a commit "
                "of its own: nobody can tell which full one it stands for."
            ),
            "examples": ["2f4a1c9d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39"],
        }
    ),
]
Name = Annotated[
    str,
    BeforeValidator(a_line(MAX_NAME_LENGTH)),
    Field(json_schema_extra={"pattern": _TEXT_PATTERN, "maxLength": MAX_NAME_LENGTH}),
]
# Git has authors without a name; a blank one says no more than none.
MaybeName = Annotated[
    str | None,
    BeforeValidator(
        lambda value: (
            None if isinstance(value, str) and is_blank(value) else a_line(MAX_NAME_LENGTH)(value)
        )
    ),
    Field(
        json_schema_extra={
            "pattern": f"^[^{_CONTROL}]*$",
            "maxLength": MAX_NAME_LENGTH,
            "examples": ["Ada Example"],
        }
    ),
]
Text = Annotated[
    str,
    BeforeValidator(a_line(MAX_TEXT_LENGTH)),
    Field(json_schema_extra={"pattern": _TEXT_PATTERN, "maxLength": MAX_TEXT_LENGTH}),
]
Url = Annotated[
    str,
    BeforeValidator(_from_text(parse_url)),
    Field(
        json_schema_extra={
            "format": "uri",
            "pattern": r"^https?://\S+$",
            "maxLength": MAX_URL_LENGTH,
            "examples": ["https://github.com/seeker71/Coherence-Network/commit/abc123"],
        }
    ),
]
GivenMoney = Annotated[
    int,
    BeforeValidator(parse_money),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 10_000_000},
                {
                    "type": "string",
                    "pattern": r"^(0?[0-9]{1,7}(\.[0-9]{1,6})?|10000000(\.0{1,6})?)$",
                },
            ],
            # No multipleOf: validators that divide binary floats would refuse 1.1.
            "description": "0 to 10,000,000, at most 6 decimals; a number or decimal text.",
            "examples": [100.00, "0.000001"],
        }
    ),
]
GivenTime = Annotated[
    datetime,
    BeforeValidator(parse_timestamp),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339 with an offset or Z: from year 1 to 9999, to the microsecond.",
            "examples": ["2026-01-05T12:00:00Z"],
        }
    ),
]
Metadata = Annotated[
    dict[str, Any],
    BeforeValidator(parse_metadata),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": True,
            "examples": [{"files_changed": 3, "lines_added": 120, "has_tests": True}],
        }
    ),
]

Money = Annotated[
    int,
    PlainSerializer(format_money, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$"}),
]
Time = Annotated[
    datetime,
    PlainSerializer(format_timestamp, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
