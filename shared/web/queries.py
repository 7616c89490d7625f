"""The query of a request: nothing that its operation does not know, and each parameter once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from werkzeug.wrappers import Request

from shared.domain.errors import InvalidInput, MalformedRequest
from shared.web.operations import Operation
from shared.web.parameters import Parameters

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.fields import Email, RepositoryName

_T = TypeVar("_T")


class OfContributor(Parameters):
    """Of one person."""

    contributor: Annotated[
        UUID | Email,
        Field(examples=["4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"]),
        Doc(
            "Credited to this person, as author or co-author: their UUID, an imported id, or "
            "their email, which needs an API key."
        ),
    ]


class OfRepository(Parameters):
    """Of one repository."""

    repository: Annotated[RepositoryName, Doc("Of this repository.")]


def query_of(request: Request, operation: Operation) -> dict[str, str]:
    """The query parameters; raises `InvalidInput` for one that is not known, or given twice."""
    try:
        given = request.args
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8") from None
    query: dict[str, str] = {}
    known = operation.query.names()
    for name, values in given.lists():
        if name not in known:
            there_are = ", ".join(known) or "none"
            raise InvalidInput.at("?", f"an unknown query parameter; there are: {there_are}")
        if len(values) > 1:
            raise InvalidInput.at(f"?{name}", "is given more than once")
        query[name] = values[0]
    return query


def flag(query: Mapping[str, str], name: str) -> bool:
    """A parameter that is `true` or `false`, and false where it is absent."""
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise InvalidInput.at(f"?{name}", "must be true or false")
    return text == "true"


def choice(query: Mapping[str, str], name: str, among: Sequence[str], default: str = "") -> str:
    """A parameter that is one of some words."""
    text = query.get(name, default)
    if name in query and text not in among:
        raise InvalidInput.at(f"?{name}", f"must be one of {', '.join(among)}")
    return text


def readable(name: str, read: Callable[[str], _T], text: str) -> _T:
    """What `read` makes of a parameter; its `ValueError` becomes `InvalidInput`."""
    try:
        return read(text)
    except ValueError as error:
        raise InvalidInput.at(f"?{name}", str(error)) from None
