"""How gcloud is called, and how its lists are searched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count

from shared.commands.deploy.steps import Argument, Command, command

_SPECIAL_IN_SED = re.compile(r"[][/\\.*^$]")


@dataclass(frozen=True, slots=True)
class Gcloud:
    """Makes gcloud commands that act on one project and ask nothing."""

    project: str

    def __call__(self, words: str, *arguments: Argument) -> Command:
        """`words` are the command's own, separated by blanks."""
        own = words.split()
        return command("gcloud", *own, *arguments, f"--project={self.project}", "--quiet")


def only(line: str) -> Command:
    """Lets through one line of a list, if it is there.

    What is looked for is taken from the whole list: whether a filter of gcloud means the exact
    name, and who evaluates it, differs from service to service.
    """
    return command("sed", "-n", f"/^{_escaped(line)}$/p")


# Makes gcloud print lines for `second`.
PAIRS = 'value[separator="|"]'

# The first line alone. It reads the others too, or the command before would complain.
FIRST = command("sed", "-n", "1p")


def second(first: str) -> tuple[Command, Command]:
    """Of lines `first|second`, lets through what stands beside `first`, the first time it does."""
    return command("sed", "-n", f"s/^{_escaped(first)}|//p"), FIRST


def assignments(values: Mapping[str, str]) -> str:
    """Assignments for one flag of gcloud, separated by something that stands in none of them.

    https://cloud.google.com/sdk/gcloud/reference/topic/escaping
    """
    separators = chain(",;|", (f"~{number}~" for number in count()))
    separator = next(s for s in separators if not any(s in value for value in values.values()))
    joined = separator.join(f"{name}={value}" for name, value in values.items())
    return joined if separator == "," else f"^{separator}^{joined}"


def _escaped(text: str) -> str:
    return _SPECIAL_IN_SED.sub(r"\\\g<0>", text)
