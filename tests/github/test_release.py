"""A tag makes a release of what CHANGELOG.md says, and moves the tag that people use."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from shared.commands.errors import CommandError
from shared.commands.release_notes import CHANGELOG, notes
from shared.domain.version import VERSION
from tests.github.repositories import Repository, git_environment
from tests.github.runner import ROOT

SECTIONS = f"""# Changelog

## Unreleased

- Later.

## {VERSION} - 2026-11-23

### Added

- This.

## 0.9.0 - 2026-01-01

- Before.
"""
# GitHub's own command, as far as the script needs it: the release is there once it was made.
GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
case "$1 $2" in
  "release view") test -e "$GH_LOG.made" ;;
  "release create") touch "$GH_LOG.made"; cp "${6#--notes-file=}" "$GH_LOG.notes" ;;
esac
"""


class TestTheVersion:
    def test_is_the_one_that_was_released_last_everywhere(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        headings = re.findall(r"^## (\d\S*)", CHANGELOG.read_text("utf-8"), re.MULTILINE)
        assert {project["version"], headings[0]} == {VERSION}


class TestTheNotes:
    def test_are_the_section_of_the_tag_alone(self) -> None:
        assert notes(f"v{VERSION}", SECTIONS) == "### Added\n\n- This."

    @pytest.mark.parametrize("tag", ["v0.9.0", VERSION, "v9.9.9", "vUnreleased", "v"])
    def test_are_refused_to_the_tag_of_another_version(self, tag: str) -> None:
        with pytest.raises(CommandError, match=f"it is version {VERSION}"):
            notes(tag, SECTIONS)

    @pytest.mark.parametrize("text", ["", f"## {VERSION}\n\n## 0.9.0\n\n- Before.\n"])
    def test_are_refused_where_nothing_is_told(self, text: str) -> None:
        with pytest.raises(CommandError, match=f"nothing about version {VERSION}"):
            notes(f"v{VERSION}", text)


class Release:
    """A clone with tags, in which the workflow's step is run with a stand-in for `gh`."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "gh"
        self._path = folder / "bin"
        self._path.mkdir()
        (self._path / "gh").write_text(GH)
        (self._path / "gh").chmod(0o755)
        self.clone = Repository.create(folder / "clone")
        for name in (
            ".ci/release",
            *(f"shared/{name}.py" for name in ("__init__", "domain/__init__", "domain/version")),
            *(f"shared/commands/{name}.py" for name in ("__init__", "errors", "release_notes")),
        ):
            target = self.clone.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (self.clone.path / "CHANGELOG.md").write_text(SECTIONS)
        self.commit = self.clone.commit("Release")
        self.clone.git("tag", f"v{VERSION}")

    def run(self, tag: str = f"v{VERSION}") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.clone.path / ".ci" / "release", tag],
            env=git_environment()
            | {"PATH": f"{self._path}{os.pathsep}{os.environ['PATH']}", "GH_LOG": str(self._log)},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        log = self._log.read_text("utf-8") if self._log.exists() else ""
        return [re.sub(r" --notes-file=\S+", "", line) for line in log.splitlines()]

    @property
    def notes(self) -> str:
        return Path(f"{self._log}.notes").read_text("utf-8")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release(tmp_path)


class TestTheRelease:
    MADE = (
        f"release view v{VERSION}",
        f"release create v{VERSION} --verify-tag --title=v{VERSION}",
    )

    def test_is_made_with_its_notes_and_makes_the_major_tag(self, release: Release) -> None:
        done = release.run()
        assert done.returncode == 0, done.stderr
        ref = f"-f ref=refs/tags/v1 -f sha={release.commit}"
        assert release.calls == [
            *self.MADE,
            f"api --method POST repos/{{owner}}/{{repo}}/git/refs {ref}",
        ]
        assert release.notes == "### Added\n\n- This.\n"

    def test_moves_the_major_tag_to_the_commit_of_an_annotated_one(self, release: Release) -> None:
        release.clone.git("tag", "v1", "HEAD~0")
        somebody = ("-c", "user.name=R", "-c", "user.email=r@example.com")
        release.clone.git(*somebody, "tag", "--force", "-m", "Annotated", f"v{VERSION}")
        assert release.run().returncode == 0
        moved = "api --method PATCH repos/{owner}/{repo}/git/refs/tags/v1"
        assert release.calls[-1] == f"{moved} -f sha={release.commit} -F force=true"

    def test_leaves_the_major_tag_at_a_later_version(self, release: Release) -> None:
        release.clone.git("tag", "v1.10.0")
        done = release.run()
        assert (done.returncode, done.stdout) == (0, "v1 stays at v1.10.0.\n")
        assert release.calls == [*self.MADE]

    def test_goes_on_where_it_stopped(self, release: Release) -> None:
        release.run()
        release.run()
        assert release.calls.count(self.MADE[1]) == 1

    def test_is_refused_before_anything_is_made(self, release: Release) -> None:
        release.clone.git("tag", "v1.2.3")
        done = release.run("v1.2.3")
        assert done.returncode != 0
        assert "the tag is v1.2.3" in done.stderr
        assert release.calls == []
