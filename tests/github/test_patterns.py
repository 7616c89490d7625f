"""Paths: GitHub's filter patterns, and which paths are tests and documentation."""

from __future__ import annotations

import json

import pytest

from commits import Change, Commit, Person
from paths import PathFilter
from reports import payload
from shared.domain.push import read_push

NOBODY = Person("", "")


def commit_of(*paths: str) -> Commit:
    changes = tuple(Change((path,), 1, 0) for path in paths)
    return Commit("0" * 40, False, NOBODY, NOBODY, None, (), (), changes)


class TestFilterPatterns:
    """The examples of GitHub's cheat sheet for path filters, and what lies just beside them.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#patterns-to-match-file-paths
    """

    @pytest.mark.parametrize(
        ("pattern", "matching", "others"),
        [
            ("*", ["README.md", "server.rb"], ["a/b"]),
            ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "page.ts", "a/page.js"]),
            ("**", ["all/the/files.md", ".hidden", "a"], []),
            ("*.js", ["app.js", "index.js"], ["src/app.js"]),
            ("**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.ts"]),
            ("docs/*", ["docs/README.md", "docs/file.txt"], ["docs/a/b.md", "adocs/file.txt"]),
            ("docs/**", ["docs/README.md", "docs/mona/octocat.txt"], ["docs", "a/docs/b"]),
            (
                "docs/**/*.md",
                ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
                ["docs.md", "docs/a.txt"],
            ),
            (
                "**/docs/**",
                ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
                ["mydocs/a", "docs"],
            ),
            (
                "**/README.md",
                ["README.md", "js/README.md", "a/b/README.md"],
                ["js/OTHERREADME.md", "README.mdx"],
            ),
            ("**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["src", "a/srcs/app.js"]),
            ("**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]),
            (
                "**/migrate-*.sql",
                ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
                ["migrate.sql"],
            ),
            ("[CB]at", ["Cat", "Bat"], ["Rat", "CBat"]),
            ("v[12].[0-9]+.txt", ["v1.10.txt", "v2.0.txt"], ["v3.1.txt", "v1..txt", "v1x1.txt"]),
            ("a+b", ["ab", "aaab"], ["b", "a+b"]),
            (r"\*.md", ["*.md"], ["a.md"]),
            ("(a|b).txt", ["(a|b).txt"], ["a.txt"]),
            ("[!a]x", ["!x", "ax"], ["bx"]),
            ("[", ["["], ["a"]),
            ("?", ["?"], ["a"]),
            ("*?+.txt", ["a.txt", ".txt"], ["a/b.txt"]),
            ("a\nb", ["a\nb"], ["ab"]),
            ("README.md", ["README.md"], ["readme.md", "READMEXmd"]),
        ],
    )
    def test_match_as_githubs_do(
        self, pattern: str, matching: list[str], others: list[str]
    ) -> None:
        ignored = PathFilter([pattern])

        assert [path for path in matching if not ignored.ignores(commit_of(path))] == []
        assert [path for path in others if ignored.ignores(commit_of(path))] == []

    @pytest.mark.parametrize(
        ("patterns", "path", "ignored"),
        [
            (["*.md", "!README.md"], "hello.md", True),
            (["*.md", "!README.md"], "README.md", False),
            (["*.md", "!README.md", "README*"], "README.md", True),
            (["!README.md"], "README.md", False),
        ],
    )
    def test_the_last_that_matches_decides(
        self, patterns: list[str], path: str, ignored: bool
    ) -> None:
        assert PathFilter(patterns).ignores(commit_of(path)) is ignored

    def test_ignore_a_commit_only_where_all_its_files_match(self) -> None:
        ignored = PathFilter(["docs/**"])

        assert ignored.ignores(commit_of("docs/a", "docs/b"))
        assert not ignored.ignores(commit_of("docs/a", "src/b"))
        assert not ignored.ignores(commit_of())

    def test_take_wildcards_in_a_row_for_one(self) -> None:
        # Taken one by one they would keep a long path busy for ever.
        ignored = PathFilter(["**?+" * 12 + "x", "a++b"])

        assert not ignored.ignores(commit_of("a" * 5000))


class TestWhatPathsAre:
    @pytest.mark.parametrize(
        "path",
        [
            "tests/factories.py",
            "src/app/__tests__/view.tsx",
            "Test/Fixture.cs",
            "spec/models/user.rb",
            "test_api.py",
            "src/conftest.py",
            "pkg/server_test.go",
            "src/view.spec.ts",
            "src/view-test.js",
            "app/src/UserServiceTest.java",
            "lib/user_spec.rb",
        ],
    )
    def test_these_are_tests(self, path: str) -> None:
        assert metadata(path)["has_tests"] is True

    @pytest.mark.parametrize(
        "path",
        ["src/latest.py", "contest.go", "src/testing.md", "tests", "attestation/a.py", "Test.java"],
    )
    def test_these_are_no_tests(self, path: str) -> None:
        assert metadata(path)["has_tests"] is False

    @pytest.mark.parametrize(
        "path",
        ["README", "readme.txt", "CHANGELOG.md", "docs/conf.py", "a/Documentation/x.png", "b.rst"],
    )
    def test_these_are_documentation(self, path: str) -> None:
        assert metadata(path)["has_docs"] is True

    @pytest.mark.parametrize("path", ["docs", "src/doc.py", "readme_parser.py", "a.md5"])
    def test_these_are_no_documentation(self, path: str) -> None:
        assert metadata(path)["has_docs"] is False

    def test_one_path_of_many_is_enough(self) -> None:
        assert metadata("a.py", "b.py", "tests/c.py", "d.py")["has_tests"] is True

    @pytest.mark.parametrize(
        "path", ["tests/a.py", "src/a_test.go", "docs/a.txt", "README", "a.md", "src/a.py", "tests"]
    )
    def test_the_webhook_judges_them_alike(self, path: str) -> None:
        event = {
            "ref": "refs/heads/main",
            "head_commit": {},
            "repository": {"full_name": "octo/demo", "default_branch": "main"},
            "commits": [{"id": "0" * 40, "message": "Change", "modified": [path]}],
        }

        (commit,) = read_push(event, branches=()).commits

        judged = ("has_tests", "has_docs")
        assert {name: commit["metadata"][name] for name in judged} == {
            name: metadata(path)[name] for name in judged
        }


def metadata(*paths: str) -> dict[str, object]:
    report = json.loads(payload(commit_of(*paths), "https://github.com/o/r/commit"))
    found: dict[str, object] = report["metadata"]
    return found
