"""An asset: what contributions go to, most often a GitHub repository."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, BeforeValidator, Field, computed_field

from shared.domain.fields import (
    LEFT_OUT,
    Money,
    Name,
    RepositoryName,
    Request,
    Stored,
    Text,
    Time,
)
from shared.domain.identifiers import (
    named_asset_id,
    repository_asset_id,
    repository_document_id,
)
from shared.domain.repository import Repository

REPOSITORY_ASSET_TYPE = "CODE"


class NewAsset(Request):
    """An asset created by hand."""

    description: Annotated[Text, Field(examples=["Its weights"])]
    asset_type: Annotated[
        str,
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
        Field(
            pattern=r"^[A-Z][A-Z0-9_]{0,31}$",
            validation_alias=AliasChoices("type", "asset_type"),
            examples=["MODEL", "CODE", "CONTENT", "DATA"],
            # Before it is put into upper case.
            json_schema_extra={"pattern": "^[A-Za-z][A-Za-z0-9_]{0,31}$"},
        ),
    ]
    name: Name | None = Field(None, examples=["Small model"])

    def repository(self) -> Repository | None:
        """The repository that this asset stands for, by its name or its description."""
        if self.name is None:
            return Repository.named_in(self.description)
        try:
            return Repository.parse(self.name)
        except ValueError:
            return None


class AssetChange(Request):
    """What an operator sets right about an asset; what is left out stays."""

    name: Annotated[Name, Field(examples=["seeker71/coherence-network"])] = LEFT_OUT
    description: Annotated[Text, Field(examples=["The network's code"])] = LEFT_OUT


class NewFurtherName(Request):
    """A further name of a repository."""

    repository: Annotated[
        RepositoryName, Field(json_schema_extra={"examples": ["seeker71/new-name"]})
    ]
    reason: Text | None = Field(None, examples=["Renamed on GitHub"])


class Asset(Stored):
    """An asset as the ledger answers it."""

    id: str
    name: str | None = None
    asset_type: str = REPOSITORY_ASSET_TYPE
    description: str | None = None
    # A repository's other names, as GitHub calls those that it had, and its number there.
    former_names: tuple[str, ...] = ()
    github_id: int | None = None
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
    def type(self) -> str:
        """The same under the name that the replaced service had for it."""
        return self.asset_type

    def called(self, key: Repository) -> Repository:
        """The repository of this asset, which is kept under `key`, by its shown name."""
        with suppress(ValueError):
            return Repository.parse(self.name or "")
        return Repository(key.owner, key.name)

    def names(self, key: Repository) -> frozenset[str]:
        """All names that the repository of this asset has had, folded."""
        names = (key.full_name, self.name or "", *self.former_names)
        return frozenset(name.lower() for name in names)

    def former_names_once_called(self, name: str) -> tuple[str, ...]:
        """Its other names when it is shown under this one."""
        shown = self.name or name
        if name.lower() == shown.lower():
            return self.former_names
        others = (former for former in self.former_names if former.lower() != name.lower())
        return (*others, shown)


def asset_of_repository(
    repository: Repository, shown: Repository | None = None
) -> tuple[str, Asset]:
    """Document id and first state of the asset of a repository, by the name it is shown under."""
    name = (shown or repository).full_name
    return repository_document_id(repository), Asset(
        id=repository_asset_id(repository),
        name=name,
        asset_type=REPOSITORY_ASSET_TYPE,
        description=f"GitHub repository: {name}",
        github_id=repository.number,
    )


def new_asset(request: NewAsset, *, unique: UUID) -> tuple[str, Asset]:
    """Document id and first state of an asset created by hand; `unique` serves a nameless one."""
    repository = request.repository()
    if repository:
        document_id, asset = asset_of_repository(repository)
        chosen = {"asset_type": request.asset_type, "description": request.description}
        return document_id, asset.model_copy(update=chosen)
    document_id = named_asset_id(request.name) if request.name else str(unique)
    return document_id, Asset(
        id=document_id,
        name=request.name,
        asset_type=request.asset_type,
        description=request.description,
    )
