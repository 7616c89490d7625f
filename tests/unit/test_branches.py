"""Patterns of branches fit what GitHub's own filters let through."""

from __future__ import annotations

import pytest

from shared.domain.branches import fits


@pytest.mark.parametrize(
    ("patterns", "fitting", "others"),
    [
        ("main", ["main"], ["Main", "main2", "a/main", "main/a"]),
        ("release/*", ["release/1", "release/"], ["release", "release/1/2", "a/release/1"]),
        ("release/**", ["release/1", "release/1/2"], ["release", "prerelease/1"]),
        ("*", ["main", "c++"], ["release/1"]),
        ("**", ["main", "release/1/2"], []),
        ("v*.*", ["v1.2", "v1.2.3"], ["v1", "1.2", "v1/x.2"]),
        ("c++", ["c++"], ["ccc", "c"]),
        ("release/* !release/old", ["release/1", "release/older"], ["release/old", "main"]),
        ("!release/old release/*", ["release/old"], ["main"]),
    ],
)
def test_a_branch_is_told_by_the_last_pattern_that_fits(
    patterns: str, fitting: list[str], others: list[str]
) -> None:
    for branch in fitting:
        assert fits(branch, patterns.split()), branch
    for branch in others:
        assert not fits(branch, patterns.split()), branch
