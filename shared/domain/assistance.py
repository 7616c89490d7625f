"""Assistance: which tools helped to write a commit. A fact of its own, that nobody is paid for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from shared.domain.contributor import ContributorType
from shared.domain.fields import MAX_NAME_LENGTH, Name, Request, Stored, a_line
from shared.domain.tool import agent_named, model_named, tool_of_co_author, tool_of_trailer

MAX_ASSISTANCE = 10


class Assistance(Stored):
    """A tool that helped: an agent, and the model that it ran where that is told."""

    agent: str
    model: str | None = None


class GivenAssistance(Request):
    """A tool that helped, as a report tells of it."""

    agent: Annotated[Name, AfterValidator(agent_named), Field(examples=["Claude Code"])]
    model: (
        Annotated[Name, AfterValidator(model_named), Field(examples=["claude-opus-4-6"])] | None
    ) = None


_line = a_line(MAX_NAME_LENGTH)
# What stands for a trailer that tells of no tool.
_NOBODY = GivenAssistance.model_construct(agent="")


def _of_trailer(value: object) -> object:
    if not isinstance(value, str):
        return value
    tool = tool_of_trailer(str(_line(value)))
    return GivenAssistance.model_construct(agent=tool.agent, model=tool.model) if tool else _NOBODY


# Text is the value of a trailer as it stands in the message.
_Told = Annotated[
    GivenAssistance,
    BeforeValidator(
        _of_trailer,
        json_schema_input_type=GivenAssistance
        | Annotated[
            Name,
            Field(
                description="The value of an `Assisted-by` or `Generated-by` trailer; one that "
                "names a person is left out.",
                examples=["Claude:claude-opus-4-6"],
            ),
        ],
    ),
]
GivenAssistances = Annotated[
    tuple[_Told, ...],
    Field(
        max_length=MAX_ASSISTANCE,
        description="The tools that helped. Each is kept under one name: `Claude Code` is "
        "`Claude`, and `Claude Opus 4.6 (1M context)` the model `claude-opus-4.6`.",
        examples=[[{"agent": "Claude Code", "model": "claude-opus-4-6"}]],
    ),
    AfterValidator(lambda told: tuple(tool for tool in told if tool is not _NOBODY)),
]


def assistance_of(
    given: Iterable[GivenAssistance],
    co_authors: Mapping[str, str | None],
    type_of: Callable[[str], ContributorType],
) -> tuple[Assistance, ...]:
    """The tools that a report tells of, those among its co-authors too; `co_authors` are names by
    address.

    Each once, and no agent without a model that is also told with one.
    """
    told = [*map(_kept, given), *_of_co_authors(co_authors, type_of)]
    with_model = {tool.agent for tool in told if tool.model}
    once = dict.fromkeys(t for t in told if t.model or t.agent not in with_model)
    return tuple(once)[:MAX_ASSISTANCE]


def disagree(
    given: Iterable[GivenAssistance],
    co_authors: Mapping[str, str | None],
    *,
    kept: Collection[Assistance],
) -> bool:
    """Whether a report tells of other tools than a contribution keeps.

    Which of its co-authors were agents to the ledger when it was recorded cannot be told.
    """
    told = set(map(_kept, given))
    possible = told.union(_of_co_authors(co_authors, lambda _: ContributorType.AGENT))
    agents = {tool.agent for tool in kept}
    lacking = {t for t in told.difference(kept) if t.model or t.agent not in agents}
    return bool(lacking) or not possible.issuperset(kept)


def _kept(given: GivenAssistance) -> Assistance:
    return Assistance(agent=given.agent, model=given.model)


def _of_co_authors(
    co_authors: Mapping[str, str | None], type_of: Callable[[str], ContributorType]
) -> Iterator[Assistance]:
    for email, name in co_authors.items():
        if type_of(email) is ContributorType.AGENT:
            agent, model = tool_of_co_author(email, name)
            yield Assistance(agent=agent, model=model)
