"""Which operation a method and a path belong to, in each function."""

from __future__ import annotations

from importlib import import_module

import pytest

import main
from shared.domain.errors import MethodNotAllowed, NotFound
from shared.web.entry_point import match
from shared.web.operations import Operation, operations_of

UUID = "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"


def operations(function: str) -> tuple[Operation, ...]:
    return operations_of(import_module(f"functions.{function}"))


@pytest.mark.parametrize("function", main.ENTRY_POINTS)
def test_a_function_has_operations_of_its_own_and_one_of_each_method_at_its_own_url(
    function: str,
) -> None:
    declared = operations(function)
    assert {operation.function for operation in declared} == {function}
    at_own_url = [operation.method for operation in declared if operation.main]
    assert at_own_url
    assert len(at_own_url) == len(set(at_own_url))


class TestMatch:
    @pytest.mark.parametrize(
        ("function", "method", "path", "name", "parameters"),
        [
            ("track_github", "POST", "/", "track_commit", {}),
            ("track_github", "POST", "/v1/contributions/github", "track_commit", {}),
            ("track_github", "POST", "/v1/contributions/github/batch", "track_batch", {}),
            ("github_webhook", "POST", "/", "receive_webhook", {}),
            ("contributions", "GET", "/", "list_contributions", {}),
            ("contributions", "HEAD", "/v1/contributions", "list_contributions", {}),
            ("contributions", "POST", "/", "create_contribution", {}),
            ("contributions", "GET", f"/v1/contributions/{UUID}", "get_contribution", {"id": UUID}),
            (
                "contributions",
                "GET",
                "/v1/contributions/octo/repo@abc123",
                "get_contribution",
                {"id": "octo/repo@abc123"},
            ),
            (
                "contributions",
                "DELETE",
                f"/v1/contributions/{UUID}",
                "void_contribution",
                {"id": UUID},
            ),
            ("contributors", "GET", "/v1/contributors/a@b", "get_contributor", {"key": "a@b"}),
            # An address may hold a slash.
            ("contributors", "GET", "/v1/contributors/a/b@c", "get_contributor", {"key": "a/b@c"}),
            (
                "contributors",
                "GET",
                "/v1/contributors/a/b@c/contributions",
                "list_contributor_contributions",
                {"key": "a/b@c"},
            ),
            ("assets", "GET", f"/v1/assets/{UUID}", "get_asset", {"key": UUID}),
            ("assets", "GET", "/v1/assets/octo/repo", "get_asset", {"key": "octo/repo"}),
            # A repository may be called like the last part of another path.
            (
                "assets",
                "GET",
                "/v1/assets/octo/contributions",
                "get_asset",
                {"key": "octo/contributions"},
            ),
            (
                "assets",
                "GET",
                "/v1/assets/octo/contributions/contributions",
                "list_asset_contributions",
                {"asset": "octo/contributions"},
            ),
            ("assets", "GET", "/v1/assets/octo/badge", "get_asset", {"key": "octo/badge"}),
            (
                "assets",
                "GET",
                "/v1/assets/octo/badge/badge",
                "show_badge",
                {"asset": "octo/badge"},
            ),
            (
                "assets",
                "GET",
                f"/v1/assets/{UUID}/contributions",
                "list_asset_contributions",
                {"asset": UUID},
            ),
            ("health", "GET", "/", "alive", {}),
            ("health", "HEAD", "/v1/health/ready", "ready", {}),
            ("health", "GET", "/v1/health/tracking", "tracking", {}),
        ],
    )
    def test_finds_the_operation(
        self, function: str, method: str, path: str, name: str, parameters: dict[str, str]
    ) -> None:
        operation, found = match(operations(function), method, path)
        assert (operation.name, found) == (name, parameters)

    @pytest.mark.parametrize(
        ("function", "path"),
        [
            ("track_github", "/v1/contributions"),
            ("track_github", "/v1/contributions/github/"),
            ("track_github", "/v1/contributions/github\n"),
            ("track_github", "/V1/contributions/github"),
            ("track_github", ""),
            ("health", "/v1/healthxready"),
            ("health", "/__/health"),
            ("contributors", "/v1/contributors/"),
        ],
    )
    def test_finds_nothing_at_other_paths(self, function: str, path: str) -> None:
        with pytest.raises(NotFound, match="Path not found"):
            match(operations(function), "POST", path)

    def test_tells_the_methods_that_a_path_has(self) -> None:
        with pytest.raises(MethodNotAllowed) as caught:
            match(operations("contributions"), "PUT", f"/v1/contributions/{UUID}")
        assert caught.value.allowed == ("DELETE", "GET", "HEAD")
