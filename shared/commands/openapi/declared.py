"""What the functions declare: all operations, and the annotations at their handlers, evaluated."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from shared.commands.rewrites import Rewrites
from shared.web.answer import Answer
from shared.web.operations import Operation, operations_of

ROOT = Path(__file__).parents[3]


@cache
def functions() -> tuple[ModuleType, ...]:
    """The module of every function, in the order of `firebase.json`."""
    rewrites = Rewrites.load(ROOT / "firebase.json").table
    names = dict.fromkeys(rewrite.entry_point for rewrite in rewrites)
    return tuple(import_module(f"functions.{name}") for name in names)


@cache
def operations() -> tuple[Operation, ...]:
    """The operations of all functions."""
    return tuple(operation for function in functions() for operation in operations_of(function))


def answers(operation: Operation) -> Iterator[tuple[type[Answer[Any]], Any]]:
    """The kinds of answers that a handler may return, each with the model of what is answered."""
    returned = hints_of(operation.handler)["return"]
    for answer in (returned,) if isinstance(get_origin(returned), type) else get_args(returned):
        [model] = get_args(answer)
        yield answer.__origin__, model


def body_of(operation: Operation) -> type[BaseModel] | None:
    """The model of an operation's body."""
    body = operation.body
    model: type[BaseModel] | None = resolve_name(body) if isinstance(body, str) else body
    return model


def hints_of(owner: Any) -> dict[str, Any]:
    """The annotations of a handler or a class, with names imported for type checking only."""
    names: dict[str, Any] = {}
    for base in getattr(owner, "__mro__", (owner,)):
        names |= _for_type_checking(base.__module__)
    return get_type_hints(owner, localns=names, include_extras=True)


@cache
def _for_type_checking(module: str) -> dict[str, Any]:
    file = getattr(sys.modules[module], "__file__", None)
    body = ast.parse(Path(file).read_text(encoding="utf-8")).body if file else []
    return {
        alias.name: resolve_name(f"{node.module}.{alias.name}")
        for block in body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
