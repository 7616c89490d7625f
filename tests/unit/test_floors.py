"""The floors: what may import what, for the whole tree, the stand-in and the action included."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACTION = ".github/actions/track-contributions"
MOST_LINES = 300
MOST_LINES_OF_THE_ACTION = 250

# A room is a folder with all below it. Of ours, it may import itself and these.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "shared/domain": (),
    "shared/store": ("shared/domain",),
    "shared/web": ("shared/domain", "shared/store"),
    "shared/embedded": (),
    "shared/commands": ("shared/domain", "shared/store", "shared/web", "shared/embedded"),
    "functions": ("shared/domain", "shared/store", "shared/web"),
}
# What one file may beyond its room.
MAY_IMPORT_TOO: Mapping[str, tuple[str, ...]] = {
    # The ledger's parts meet here, and so does the stand-in for Firestore.
    "shared/web/services.py": ("shared/embedded",),
}
# The one room that asks the handlers what they declare.
READS_HANDLERS = "shared/commands/openapi"

Graph = Mapping[str, frozenset[str]]


def product() -> Iterator[Path]:
    """Every file of the product that holds Python."""
    yield ROOT / "main.py"
    for folder in ("functions", "shared", ACTION):
        yield from sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """What a file imports of ours, wherever in it, as paths from the root."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                for name in names:
                    yield from found(path, name.name)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for name in names:
                    # `from package import module` is the module's file, else the package's own.
                    yield from [*found(path, f"{module}.{name.name}")] or [*found(path, module)]


def modules_of(tree: ast.Module) -> Iterator[str]:
    """The modules that a file names in its imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def found(importer: Path, module: str) -> Iterator[str]:
    # The action's files find each other in their own folder, all others from the root.
    base = importer.parent if ACTION in name_of(importer) else ROOT
    place = base.joinpath(*module.split("."))
    for candidate in (place.with_suffix(".py"), place / "__init__.py"):
        if candidate.exists():
            yield name_of(candidate)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return {name_of(path): frozenset(imported(path)) for path in product()}


def room_of(name: str) -> str | None:
    return next((room for room in MAY_IMPORT if name.startswith(f"{room}/")), None)


class TestFloors:
    def test_nothing_is_imported_upwards(self, graph: Graph) -> None:
        wrong = []
        for name, targets in graph.items():
            room = room_of(name)
            if room is None or name.startswith(READS_HANDLERS):
                continue
            allowed = {room, *MAY_IMPORT[room], *MAY_IMPORT_TOO.get(name, ())}
            wrong += [f"{name} imports {t}" for t in targets if room_of(t) not in allowed]
        assert wrong == []

    def test_no_function_imports_another(self, graph: Graph) -> None:
        functions = {name for name in graph if room_of(name) == "functions"}
        assert len(functions) > 1
        assert {
            name: graph[name] & functions for name in functions if graph[name] & functions
        } == {}

    def test_the_action_imports_the_standard_library_alone(self) -> None:
        others = set()
        for path in sorted((ROOT / ACTION).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            tops = {name.partition(".")[0] for name in modules_of(tree)}
            others |= {t for t in tops - sys.stdlib_module_names if not list(found(path, t))}
        assert others == set()

    def test_nobody_reads_the_clock_or_the_environment_in_the_domain(self) -> None:
        impure = {"os", "time", "random", "socket", "subprocess", "threading", "pathlib"}
        wrong = {}
        for path in sorted((ROOT / "shared" / "domain").rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if bad := set(modules_of(tree)) & impure:
                wrong[name_of(path)] = bad
        assert wrong == {}


class TestCircles:
    def test_no_files_or_folders_import_each_other_in_a_circle(self, graph: Graph) -> None:
        # Seen from the folder that holds both: its files and folders are what may form a circle.
        levels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name, targets in graph.items():
            for target in targets - {name}:
                ours, theirs = name.split("/"), target.split("/")
                depth = next(
                    i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b
                )
                levels["/".join(ours[:depth])][ours[depth]].add(theirs[depth])
        circles = {
            folder or ".": circle
            for folder, edges in levels.items()
            if (circle := circle_in(edges))
        }
        assert circles == {}

    def test_a_circle_is_found(self) -> None:
        assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def circle_in(edges: Mapping[str, set[str]]) -> list[str]:
    """One circle, named from where it begins to where it comes back; empty where there is none."""
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for target in sorted(edges.get(node, ())):
            if circle := walk(target, [*trail, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in sorted(edges) if (circle := walk(node, []))), [])


class TestSizes:
    def test_no_file_holds_two_nouns_by_its_length(self) -> None:
        long = {}
        for path in product():
            lines = len(path.read_text(encoding="utf-8").splitlines())
            most = MOST_LINES_OF_THE_ACTION if ACTION in name_of(path) else MOST_LINES
            if lines > most:
                long[name_of(path)] = lines
        assert long == {}
