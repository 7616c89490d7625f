"""What a deployment consists of, as data: commands, and what to make of what they print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """Stands in a later command for what an earlier one printed."""

    name: str


# An argument is written out, or known when the plan runs, or put together from both.
Argument = str | Variable | tuple[str | Variable, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments."""

    program: str
    arguments: tuple[Argument, ...]

    def words(self, values: Mapping[str, str]) -> list[str]:
        """The command line, with the values of its variables."""
        return [
            "".join(part if isinstance(part, str) else values[part.name] for part in parts(word))
            for word in (self.program, *self.arguments)
        ]


# Each command reads what the one before it prints.
Pipeline = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Run commands; their output is for people."""

    commands: Pipeline


@dataclass(frozen=True, slots=True)
class Keep:
    """Run commands that change nothing, and keep what they print.

    `otherwise` says what it may mean if they fail.
    """

    variable: Variable
    commands: Pipeline
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Require:
    """Go no further where a variable is empty; `otherwise` says what is missing."""

    variable: Variable
    otherwise: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Go on with `found` where a variable holds something, with `absent` where it is empty."""

    variable: Variable
    found: tuple[Step, ...]
    absent: tuple[Step, ...]


Step = Run | Keep | Require | Choose


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps that belong together; the title says to people what they are for."""

    title: str
    steps: tuple[Step, ...]


Plan = tuple[Stage, ...]


def command(program: str, *arguments: Argument) -> Command:
    """A command."""
    return Command(program, arguments)


def run(*commands: Command) -> Run:
    """Run a pipeline."""
    return Run(commands)


def ensure(
    variable: Variable, *lookup: Command, create: tuple[Step, ...], update: tuple[Step, ...] = ()
) -> tuple[Step, ...]:
    """Look for something; create it where it is absent, else bring it up to date."""
    return (Keep(variable, lookup), Choose(variable, found=update, absent=create))


def parts(argument: Argument) -> tuple[str | Variable, ...]:
    """What an argument is put together from."""
    return argument if isinstance(argument, tuple) else (argument,)


def commands_of(steps: tuple[Step, ...]) -> Iterator[Command]:
    """Every command that these steps may run."""
    for step in steps:
        match step:
            case Run(commands) | Keep(commands=commands):
                yield from commands
            case Choose(_, found, absent):
                yield from commands_of(found)
                yield from commands_of(absent)
            case Require():
                pass


def programs_of(plan: Plan) -> list[str]:
    """The programs that a plan needs, each once, in the order of their first use."""
    return list(dict.fromkeys(one.program for stage in plan for one in commands_of(stage.steps)))
