"""What the functions declare: all operations, and the annotations at their handlers, evaluated."""

from __future__ import annotations

import ast
import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType
from typing import Any, Union, get_args, get_origin, get_type_hints

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


def answers(operation: Operation) -> Iterator[tuple[type[Answer[Any]], type[BaseModel]]]:
    """The kinds of answers that a handler may return, each with the model of what is answered."""
    returned = hints_of(operation.handler)["return"]
    for answer in get_args(returned) if get_origin(returned) is Union else (returned,):
        yield get_origin(answer), *get_args(answer)


def body_of(operation: Operation) -> type[BaseModel] | None:
    """The model of an operation's body."""
    body = operation.body
    model: type[BaseModel] | None = resolve_name(body) if isinstance(body, str) else body
    return model


def hints_of(owner: Callable[..., Any] | type) -> dict[str, Any]:
    """The annotations of a handler or a class, with names imported for type checking only."""
    modules = (base.__module__ for base in getattr(owner, "__mro__", (owner, object))[:-1])
    names = ChainMap(*map(_for_type_checking, modules))
    return get_type_hints(owner, localns=names, include_extras=True)


@cache
def _for_type_checking(module: str) -> dict[str, Any]:
    return {
        alias.name: resolve_name(f"{node.module}.{alias.name}")
        for block in ast.parse(inspect.getsource(sys.modules[module])).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
