"""A contributor: a person, a bot or an agent, known by one email address."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    computed_field,
)

from shared.domain.email import mask_text, name_from_email
from shared.domain.fields import (
    LEFT_OUT,
    Email,
    GivenMoney,
    Money,
    Name,
    Request,
    Stored,
    Text,
    Time,
)


class ContributorType(StrEnum):
    """What kind of contributor: decided when it is first recorded, unless an operator says else."""

    HUMAN = "HUMAN"
    BOT = "BOT"
    AGENT = "AGENT"


GivenType = Annotated[
    ContributorType,
    # The replaced service called its bots SYSTEM.
    BeforeValidator(lambda value: "BOT" if value == "SYSTEM" else value),
    WithJsonSchema(
        {
            "type": "string",
            "enum": [*ContributorType, "SYSTEM"],
            "description": "SYSTEM is read as BOT.",
            "examples": ["HUMAN"],
        }
    ),
    Field(validation_alias=AliasChoices("type", "contributor_type")),
]


class NewContributor(Request):
    """A contributor created by hand."""

    name: Annotated[Name, Field(examples=["Grace Example"])]
    email: Annotated[Email, Field(json_schema_extra={"examples": ["grace@example.org"]})]
    contributor_type: GivenType
    wallet_address: Text | None = None
    hourly_rate: GivenMoney | None = None


class ContributorChange(Request):
    """What an operator sets right about a contributor; what is left out stays, null takes away."""

    name: Annotated[Name, Field(examples=["Ada Example"])] = LEFT_OUT
    contributor_type: GivenType = LEFT_OUT
    wallet_address: Text | None = None
    hourly_rate: GivenMoney | None = None


# What an answer leaves out for who may not see addresses.
PRIVATE_FIELDS = ("wallet_address", "hourly_rate")


def _without_private_fields(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["required"] if name not in PRIVATE_FIELDS]


class Contributor(Stored):
    """A contributor as the ledger answers it."""

    model_config = ConfigDict(json_schema_extra=_without_private_fields)

    id: str
    email: str
    # Further addresses, whose figures are among these.
    aliases: tuple[str, ...] = ()
    name: str | None = None
    contributor_type: ContributorType = ContributorType.HUMAN
    wallet_address: str | None = None
    hourly_rate: Money | None = None
    contribution_count: int = 0
    assisted_count: int = 0
    total_cost: Money = 0
    created_at: Time | None = None
    # The contributions' own times, and the server's.
    first_contribution_at: Time | None = None
    last_contribution_at: Time | None = None
    last_recorded_at: Time | None = None
    legacy_ids: tuple[str, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def type(self) -> ContributorType:
        """The same under the name that the replaced service had for it."""
        return self.contributor_type

    def masked_name(self) -> str | None:
        """The name for a reader without a key: hidden where it only repeats somebody's address.

        What a bot or an agent is called is nobody's secret.
        """
        if self.name is None:
            return None
        addresses = (self.email, *self.aliases)
        told = {
            part.casefold() for a in addresses for part in (a.partition("@")[0], name_from_email(a))
        }
        if self.contributor_type is ContributorType.HUMAN and self.name.casefold() in told:
            return f"{self.name[0] if len(self.name) > 1 else ''}***"
        return mask_text(self.name)
