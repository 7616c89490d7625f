"""A plan as a shell script, which does what the runner would do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from shared.commands.deploy.steps import (
    Argument,
    Choose,
    Command,
    Keep,
    Pipeline,
    Plan,
    Require,
    Run,
    Step,
    Variable,
    parts,
)

_FLAG = re.compile(r"--[a-z-]+")
_WIDTH = 100
_INDENT = "  "


def script(plan: Plan, *, directory: str) -> str:
    """The script, to be run by bash."""
    lines = ["#!/usr/bin/env bash", "set -euo pipefail", f"cd {shlex.quote(directory)}"]
    for stage in plan:
        lines += ["", f"# {stage.title}", *_lines(stage.steps, "")]
    return "\n".join(lines) + "\n"


def _lines(steps: Iterable[Step], indent: str) -> Iterator[str]:
    for step in steps:
        match step:
            case Run(commands):
                yield _pipeline(commands, indent)
            case Keep(variable, commands, otherwise):
                kept = f"{indent}{variable.name}=$({_pipeline(commands, indent).lstrip()})"
                yield f"{kept} || {_stop(otherwise)}" if otherwise else kept
            case Require(variable, otherwise):
                yield f'{indent}[ -n "${variable.name}" ] || {_stop(otherwise)}'
            case Choose():
                yield from _choice(step, indent)


def _stop(why: str) -> str:
    return f"{{ echo {shlex.quote(why)} >&2; exit 1; }}"


def _choice(step: Choose, indent: str) -> Iterator[str]:
    test, first, second = ("-n", step.found, step.absent) if step.found else ("-z", step.absent, ())
    if not first:
        return
    yield f'{indent}if [ {test} "${step.variable.name}" ]; then'
    yield from _lines(first, indent + _INDENT)
    if second:
        yield f"{indent}else"
        yield from _lines(second, indent + _INDENT)
    yield f"{indent}fi"


def _pipeline(commands: Pipeline, indent: str) -> str:
    line = indent + " | ".join(" ".join(_words(one)) for one in commands)
    if len(line) <= _WIDTH:
        return line
    line_break = f" \\\n{indent}{_INDENT}"
    return indent + f"{line_break}| ".join(_broken(one, line_break) for one in commands)


def _broken(one: Command, line_break: str) -> str:
    """A command, if it is long with its flags on lines of their own."""
    words = list(_words(one))
    if len(" ".join(words)) <= _WIDTH - len(line_break):
        return " ".join(words)
    first, *others = words
    return first + "".join(
        f"{line_break if word.startswith('--') else ' '}{word}" for word in others
    )


def _words(one: Command) -> Iterator[str]:
    return (_quoted(argument) for argument in (one.program, *one.arguments))


def _quoted(argument: Argument) -> str:
    return "".join(
        f'"${{{part.name}}}"' if isinstance(part, Variable) else _quoted_text(part)
        for part in parts(argument)
    )


def _quoted_text(text: str) -> str:
    flag, equals, value = text.partition("=")
    # As people write it: the quotes around a flag's value, not around the flag.
    if _FLAG.fullmatch(flag) and equals:
        return flag + equals + (shlex.quote(value) if value else "")
    return shlex.quote(text)
