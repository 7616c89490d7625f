"""Exports of the emulator on disk: only complete ones count, and few are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.commands.emulator import EmulatorError, Exports
from shared.commands.emulator.exports import NAME, metadata


class Writer:
    """Writes what the emulator would: some metadata that always differ, and the documents."""

    def __init__(self) -> None:
        self.exports = 0

    def __call__(self, folder: Path, documents: str) -> None:
        self.exports += 1
        (folder / NAME / "all_kinds").mkdir(parents=True)
        metadata(folder).write_text(f"export {self.exports}")
        if documents:
            (folder / NAME / "all_kinds" / "output-0").write_text(documents)

    def exporting(self, documents: str) -> Callable[[Path], None]:
        return lambda folder: self(folder, documents)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports"


@pytest.fixture
def exports(folder: Path) -> Exports:
    return Exports(folder, keep=3)


@pytest.fixture
def write() -> Writer:
    return Writer()


def names(exports: Exports) -> list[str]:
    return [path.name for path in exports.complete()]


def test_there_are_none_before_the_first(exports: Exports, folder: Path) -> None:
    assert exports.complete() == []
    assert not exports.hold_documents()
    assert not folder.exists()


def test_the_newest_comes_first_and_three_are_kept(exports: Exports, write: Writer) -> None:
    for documents in "abcde":
        assert exports.add(write.exporting(documents))
    assert names(exports) == ["export-00000005", "export-00000004", "export-00000003"]
    assert metadata(exports.complete()[0]).read_text() == "export 5"


def test_an_export_with_the_same_documents_is_dropped(
    exports: Exports, folder: Path, write: Writer
) -> None:
    assert exports.add(write.exporting("a"))
    assert not exports.add(write.exporting("a"))
    assert exports.add(write.exporting("ab"))
    assert names(exports) == ["export-00000002", "export-00000001"]
    assert len(list(folder.iterdir())) == 2


def test_an_emptied_database_is_a_change(exports: Exports, write: Writer) -> None:
    exports.add(write.exporting("a"))
    assert exports.hold_documents()
    assert exports.add(write.exporting(""))
    assert not exports.hold_documents()


def test_a_failed_export_leaves_nothing_behind(
    exports: Exports, folder: Path, write: Writer
) -> None:
    exports.add(write.exporting("a"))

    def fail(partial: Path) -> None:
        write(partial, "half")
        raise EmulatorError("gone")

    with pytest.raises(EmulatorError, match="gone"):
        exports.add(fail)
    assert [path.name for path in folder.iterdir()] == ["export-00000001"]


def test_what_a_killed_run_left_half_written_is_not_taken_for_an_export(
    exports: Exports, folder: Path, write: Writer
) -> None:
    (folder / ".partial-x").mkdir(parents=True)
    write(folder / ".partial-x", "half")
    assert exports.complete() == []
    exports.add(write.exporting("a"))
    assert [path.name for path in folder.iterdir()] == ["export-00000001"]


def test_a_damaged_export_is_set_aside_and_not_deleted(
    exports: Exports, folder: Path, write: Writer
) -> None:
    exports.add(write.exporting("a"))
    exports.add(write.exporting("b"))
    aside = exports.set_aside(exports.complete()[0])
    assert metadata(aside).read_text() == "export 2"
    assert names(exports) == ["export-00000001"]
    # The next one must not take its number's place among the newest.
    exports.add(write.exporting("c"))
    assert names(exports) == ["export-00000002", "export-00000001"]
    assert metadata(aside).exists()
