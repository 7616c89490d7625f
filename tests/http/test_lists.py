"""Lists over HTTP: arrays, limits, page tokens, links, and masks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from shared.embedded import EmbeddedFirestore, open_embedded
from shared.web.settings import Settings
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem
from tests.literals import ASSET_ID, AUTHOR_ID

MOST_PAGES = 50
LISTS = ["/v1/contributions", "/v1/contributors", "/v1/assets"]


def next_link(response: Any) -> str | None:
    """The URL of the next page."""
    link = response.headers.get("Link")
    if link is None:
        return None
    assert link.isascii()
    match = re.fullmatch(r'<([^<>\s]+)>; rel="next"', link)
    assert match, link
    return match[1]


def walk(service: Service, path: str, **options: Any) -> Iterator[list[dict[str, Any]]]:
    """All pages, by following the links as they are."""
    for _ in range(MOST_PAGES):
        response = service.get(path, **options)
        assert response.status_code == 200, response.get_data(as_text=True)
        yield response.get_json()
        url = next_link(response)
        if url is None:
            return
        assert url.startswith("/")
        path = url
    raise AssertionError("the links go round in circles")


@pytest.fixture(scope="module")
def filled() -> Iterator[Service]:
    """A service with seven contributors, assets and contributions; nobody adds to it."""
    with open_embedded(None, project="demo-lists") as store:
        service = Service(store.client)
        for number in range(7):
            response = service.track(
                contributor_email=f"person-{number}@example.com",
                contributor_name=f"Person {number}",
                repository=f"octo/repo-{number}",
                commit_hash=f"{number:06x}",
                timestamp=f"2024-05-0{number + 1}T00:00:00Z",
            )
            assert response.status_code == 201
        yield service


class TestList:
    @pytest.mark.parametrize("path", LISTS)
    def test_of_nothing_is_an_empty_array(self, service: Service, path: str) -> None:
        response = service.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json"
        assert response.get_json() == []
        assert "Link" not in response.headers

    def test_of_contributors_has_the_fields_of_the_contract(self, service: Service) -> None:
        recorded_at = service.track(
            contributor_name="Test Person", timestamp="2019-05-01T12:00:00Z"
        ).get_json()["recorded_at"]
        assert service.get("/v1/contributors", headers=KEY).get_json() == [
            {
                "id": AUTHOR_ID,
                "email": "test@example.com",
                "aliases": [],
                "name": "Test Person",
                "contributor_type": "HUMAN",
                "type": "HUMAN",
                "wallet_address": None,
                "hourly_rate": None,
                "contribution_count": 1,
                "assisted_count": 0,
                "total_cost": "100.00",
                "created_at": recorded_at,
                "first_contribution_at": "2019-05-01T12:00:00Z",
                "last_contribution_at": "2019-05-01T12:00:00Z",
                "last_recorded_at": recorded_at,
                "legacy_ids": [],
            }
        ]

    def test_of_assets_has_the_fields_of_the_contract(self, service: Service) -> None:
        recorded_at = service.track(timestamp="2019-05-01T12:00:00Z").get_json()["recorded_at"]
        assert service.get("/v1/assets").get_json() == [
            {
                "id": ASSET_ID,
                "name": "seeker71/Coherence-Network",
                "former_names": [],
                "github_id": None,
                "asset_type": "CODE",
                "type": "CODE",
                "description": "GitHub repository: seeker71/Coherence-Network",
                "contribution_count": 1,
                "assisted_count": 0,
                "total_cost": "100.00",
                "created_at": recorded_at,
                "first_contribution_at": "2019-05-01T12:00:00Z",
                "last_contribution_at": "2019-05-01T12:00:00Z",
                "last_recorded_at": recorded_at,
                "legacy_ids": [],
            }
        ]

    def test_of_contributions_holds_what_was_answered(self, service: Service) -> None:
        recorded = service.track().get_json()
        assert service.get("/v1/contributions", headers=KEY).get_json() == [recorded]

    @pytest.mark.parametrize("path", LISTS)
    def test_is_the_same_at_the_functions_own_url(self, filled: Service, path: str) -> None:
        function = path.removeprefix("/v1/")
        listed = filled.get(path).get_json()
        assert filled.get("/", at=function).get_json() == listed
        assert filled.get(path, at=function).get_json() == listed

    @pytest.mark.parametrize("path", LISTS)
    def test_is_the_same_with_a_slash_at_the_end(self, filled: Service, path: str) -> None:
        assert filled.get(f"{path}/").get_json() == filled.get(path).get_json()
        assert filled.get(f"{path}/?limit=2").get_json() == filled.get(f"{path}?limit=2").get_json()

    @pytest.mark.parametrize("path", LISTS)
    def test_answers_head_with_the_link_and_no_body(self, filled: Service, path: str) -> None:
        response = filled.request("HEAD", f"{path}?limit=3")
        assert response.status_code == 200
        assert response.get_data() == b""
        assert next_link(response)


class TestPages:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("limit", [1, 3, 7, 8])
    def test_come_by_their_links_one_after_the_other(
        self, filled: Service, path: str, limit: int
    ) -> None:
        pages = list(walk(filled, f"{path}?limit={limit}"))
        ids = [record["id"] for page in pages for record in page]
        assert ids == [record["id"] for record in filled.get(path).get_json()]
        assert len(set(ids)) == 7
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)

    def test_come_newest_first(self, filled: Service) -> None:
        times = [
            contribution["timestamp"] for contribution in filled.get("/v1/contributions").get_json()
        ]
        assert times == [f"2024-05-0{day}T00:00:00Z" for day in range(7, 0, -1)]

    @pytest.mark.parametrize("sort", ["created", "recent", "total_cost", "contributions", "name"])
    @pytest.mark.parametrize("path", ["/v1/contributors", "/v1/assets"])
    def test_come_in_every_order(self, filled: Service, path: str, sort: str) -> None:
        pages = list(walk(filled, f"{path}?limit=3&sort={sort}", headers=KEY))
        assert len({record["id"] for page in pages for record in page}) == 7

    @pytest.mark.parametrize(
        "query", ["repository=OCTO/Repo-3", "since=2024-05-03T00:00:00Z", "include_voided=true"]
    )
    def test_keep_their_filters_in_the_links(self, filled: Service, query: str) -> None:
        path = f"/v1/contributions?{query}"
        ids = [
            contribution["id"] for page in walk(filled, f"{path}&limit=1") for contribution in page
        ]
        assert ids == [contribution["id"] for contribution in filled.get(path).get_json()]
        assert ids

    def test_may_change_their_size_on_the_way(self, filled: Service) -> None:
        link = next_link(filled.get("/v1/contributions?limit=2"))
        assert link
        onward = link.replace("limit=2", "limit=100")
        assert len(filled.get(onward).get_json()) == 5


class TestLimit:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("limit", ["0", "-1", "000", "1e2", "ten", "", "1.0", "٣", "+5", " 5"])
    def test_out_of_range_is_422(self, service: Service, path: str, limit: str) -> None:
        response = service.get(path, query_string={"limit": limit}, headers=KEY)
        problem = assert_problem(response, 422, "invalid")
        assert [fault["pointer"] for fault in problem["errors"]] == ["?limit"]

    @pytest.mark.parametrize("limit", ["101", "500", "1001", "00500", "9" * 50])
    def test_above_the_bound_is_brought_down_to_it(self, service: Service, limit: str) -> None:
        commits = [
            {"contributor_email": "ada@example.com", "commit_hash": f"{number:06x}"}
            for number in range(102)
        ]
        service.post("/v1/contributions/github/batch", {"repository": "a/b", "commits": commits})
        path = f"/v1/contributions?limit={limit}"
        public = service.get(path)
        assert len(public.get_json()) == 100
        assert "limit=100&" in (next_link(public) or "")
        listed = service.get(path, headers=KEY)
        assert len(listed.get_json()) == min(102, int(limit))

    def test_is_100_where_none_is_given(self, service: Service) -> None:
        for number in range(101):
            service.track(commit_hash=f"{number:06x}")
        response = service.get("/v1/contributions")
        assert len(response.get_json()) == 100
        assert next_link(response)


def token(service: Service, path: str) -> str:
    """The token of the second page."""
    link = next_link(service.get(path))
    assert link
    return parse_qs(urlsplit(link).query)["page_token"][0]


class TestPageToken:
    @pytest.mark.parametrize("other", ["/v1/contributors", "/v1/assets", "/v1/contributions"])
    @pytest.mark.parametrize("path", LISTS)
    def test_of_another_list_is_422(self, filled: Service, path: str, other: str) -> None:
        given = token(filled, f"{other}?limit=2")
        response = filled.get(path, query_string={"page_token": given})
        if path == other:
            assert response.status_code == 200
        else:
            problem = assert_problem(response, 422, "invalid")
            assert [fault["pointer"] for fault in problem["errors"]] == ["?page_token"]

    @pytest.mark.parametrize(
        ("given_for", "used_for"),
        [
            ("/v1/contributions?limit=2", "/v1/contributions?repository=octo/repo-1"),
            ("/v1/contributions?limit=2", "/v1/contributions?since=2024-05-03T00:00:00Z"),
            ("/v1/contributions?limit=2", "/v1/contributions?include_voided=true"),
            ("/v1/contributors?limit=2", "/v1/contributors?sort=recent"),
            ("/v1/assets?limit=2&sort=name", "/v1/assets"),
            ("/v1/assets?limit=2&sort=name", "/v1/assets?sort=total_cost"),
        ],
    )
    def test_of_other_filters_or_another_order_is_422(
        self, filled: Service, given_for: str, used_for: str
    ) -> None:
        used_for += "&" if "?" in used_for else "?"
        response = filled.get(f"{used_for}page_token={token(filled, given_for)}")
        assert_problem(response, 422, "invalid")

    @pytest.mark.parametrize(
        "made_up",
        ["", "x", "====", "null", "e30=", "🦆", "a" * 3_000, "../..", "%00", "-_-_", "AAAA"],
    )
    @pytest.mark.parametrize("path", LISTS)
    def test_that_is_made_up_is_422(self, filled: Service, path: str, made_up: str) -> None:
        response = filled.get(path, query_string={"page_token": made_up})
        assert_problem(response, 422, "invalid")

    @pytest.mark.parametrize("path", LISTS)
    def test_that_was_changed_is_422(self, filled: Service, path: str) -> None:
        given = token(filled, f"{path}?limit=2")
        for place in range(0, len(given), 7):
            changed = given[:place] + ("A" if given[place] != "A" else "B") + given[place + 1 :]
            assert_problem(filled.get(path, query_string={"page_token": changed}), 422, "invalid")

    @pytest.mark.parametrize(
        "payload",
        [
            '["2024-05-01T00:00:00Z", 5]',
            '["2024-05-01T00:00:00Z", ""]',
            '["2024-05-01T00:00:00Z", "a/b/c"]',
            '["2024-05-01T00:00:00Z", ".."]',
            '["2024-05-01T00:00:00Z", "__x__"]',
            '["2024-05-01T00:00:00Z", "\\ud800"]',
            '["yesterday", "a@b"]',
            '[[], "a@b"]',
            '[{"a": 1}, "a@b"]',
            '[true, "a@b"]',
            '[1.5, "a@b"]',
            '[1e999, "a@b"]',
            '[9223372036854775808, "a@b"]',
            '["a@b"]',
            "5",
            '{"a": 1, "b": 2}',
            "",
            "[" * 2_500,
        ],
        ids=lambda payload: payload[:40],
    )
    @pytest.mark.parametrize(
        ("path", "operation"),
        [
            ("/v1/contributions", "list_contributions"),
            ("/v1/contributors", "list_contributors"),
            ("/v1/assets", "list_assets"),
        ],
    )
    def test_that_is_made_up_by_somebody_who_knows_its_form_is_422(
        self, filled: Service, path: str, operation: str, payload: str
    ) -> None:
        made_up = forged(operation, payload)
        assert_problem(filled.get(path, query_string={"page_token": made_up}), 422, "invalid")

    @pytest.mark.parametrize(
        ("path", "values"),
        [
            ("/v1/contributors?sort=created", [1]),
            ("/v1/contributors?sort=recent", ["2024-05-01T00:00:00Z"]),
            ("/v1/contributors?sort=total_cost", ["2024-05-01T00:00:00Z"]),
            ("/v1/contributors?sort=contributions", ["2024-05-01T00:00:00Z"]),
            ("/v1/contributors?sort=name", ["2024-05-01T00:00:00Z", 1]),
            ("/v1/assets?sort=created", [1]),
            ("/v1/assets?sort=total_cost", ["2024-05-01T00:00:00Z"]),
            ("/v1/contributions?include_voided=true", [1]),
            ("/v1/contributions?commit_hash=000001", ["2024-05-01T00:00:00Z", 1]),
        ],
    )
    def test_that_is_made_up_with_what_this_order_has_no_values_of_is_422(
        self, service: Service, path: str, values: list[object]
    ) -> None:
        service.track()
        # Who is joined is put among the others by us, and not by the database.
        joined = service.post(
            f"/v1/contributors/{AUTHOR_ID}/aliases", {"email": "further@example.com"}
        )
        assert joined.status_code == 201
        address = urlsplit(path)
        chosen = {name: given for name, [given] in parse_qs(address.query).items()}
        for value in values:
            made_up = forged(
                f"list_{address.path.rpartition('/')[2]}", json.dumps([value, "a-b"]), chosen
            )
            answer = service.get(f"{path}&page_token={quote(made_up)}", headers=KEY)
            assert_problem(answer, 422, "invalid")

    def test_made_up_by_this_test_would_be_taken_if_it_were_right(self, filled: Service) -> None:
        right = forged("list_contributions", '["2024-05-03T00:00:00Z", "octo:repo-2@000002"]')
        found = filled.get("/v1/contributions", query_string={"page_token": right}).get_json()
        assert [contribution["commit_hash"] for contribution in found] == ["000001", "000000"]

    @pytest.mark.parametrize("sort", ["created", "recent", "total_cost", "contributions", "name"])
    def test_holds_no_address_and_no_name_of_a_person(self, filled: Service, sort: str) -> None:
        link = next_link(filled.get(f"/v1/contributors?limit=2&sort={sort}", headers=KEY))
        assert link
        given = parse_qs(urlsplit(link).query)["page_token"][0]
        text = link + base64.urlsafe_b64decode(given).decode()
        assert "@" not in text
        assert "person" not in text.lower()


def forged(operation: str, payload: str, chosen: Mapping[str, str] = MappingProxyType({})) -> str:
    """A token whose digest is right: it is no signature, and can be computed by anybody."""
    scope = json.dumps([operation, {}, dict(chosen)], sort_keys=True)
    digest = hashlib.sha256(f"{scope}\n{payload}".encode()).hexdigest()[:12]
    return base64.urlsafe_b64encode(f"{digest}{payload}".encode()).decode()


class TestLink:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Host": "evil.example:8080"},
            {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
            {"Forwarded": "host=evil.example;proto=https"},
            {"X-Forwarded-Host": 'evil.example>; rel="next", <x'},
            {"X-Forwarded-Prefix": "/evil"},
            {"X-Original-URL": "https://evil.example/"},
        ],
        ids=str,
    )
    def test_is_relative_whatever_the_request_says_of_the_host(
        self, filled: Service, headers: dict[str, str]
    ) -> None:
        link = next_link(filled.get("/v1/contributions?limit=2", headers=headers))
        assert link
        assert link.startswith("/v1/contributions?limit=2&page_token=")

    def test_is_at_the_public_address_where_that_is_set(self, store: EmbeddedFirestore) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, public_url="https://ledger.example")
        service = Service(store.client, settings)
        for number in range(3):
            service.track(commit_hash=f"{number:06x}")
        for where in ({}, {"at": "contributions"}):
            path = "/?limit=2" if where else "/v1/contributions?limit=2"
            link = next_link(service.get(path, headers={"X-Forwarded-Host": "evil"}, **where))
            assert link
            assert link.startswith("https://ledger.example/v1/contributions?limit=2&page_token=")

    @pytest.mark.parametrize(
        "email",
        ["łukasz@x.org", "a#b?c%41d@x.org", "a/b@x.org", 'a">;<b@x.org', "user@host.(none)"],
    )
    def test_can_be_followed_whatever_stands_in_the_path(
        self, service: Service, email: str
    ) -> None:
        for number in range(3):
            service.track(contributor_email=email, commit_hash=f"{number:06x}")
        path = f"/v1/contributors/{quote(email, safe='')}/contributions?limit=1"
        pages = list(walk(service, path, headers=KEY))
        assert [len(page) for page in pages] == [1, 1, 1]
        assert len({contribution["id"] for page in pages for contribution in page}) == 3

    def test_of_a_functions_own_url_leads_there(self, filled: Service) -> None:
        link = next_link(filled.get("/?limit=2", at="contributors"))
        assert link
        assert link.startswith("/?limit=2&page_token=")
        onward = link
        assert len(filled.get(onward, at="contributors").get_json()) == 2


class TestMask:
    ADDRESS = "alice.example@mail.example"

    @pytest.fixture
    def planted(self, service: Service) -> Service:
        """The address wherever a report can hold it."""
        service.track(
            contributor_email=self.ADDRESS,
            contributor_name=f"Alice <{self.ADDRESS}>",
            author_email=f"old+{self.ADDRESS}",
            co_authors=[{"email": f"co-{self.ADDRESS}"}],
            url=f"https://x.org/?by={self.ADDRESS}",
            metadata={
                "note": f"by {self.ADDRESS}.",
                "deep": {"list": [{"who": self.ADDRESS}]},
                self.ADDRESS: 1,
            },
        )
        return service

    @pytest.mark.parametrize("path", LISTS)
    def test_hides_every_address_from_readers_without_a_key(
        self, planted: Service, path: str
    ) -> None:
        response = planted.get(path)
        assert response.status_code == 200
        text = response.get_data(as_text=True) + str(response.headers)
        assert self.ADDRESS not in text
        assert "alice.example" not in text

    def test_leaves_the_domain_and_the_first_letter(self, planted: Service) -> None:
        people = {person["email"]: person for person in planted.get("/v1/contributors").get_json()}
        assert sorted(people) == ["a***@mail.example", "c***@mail.example"]
        assert people["a***@mail.example"]["name"] == "Alice <***@mail.example>"
        [contribution] = planted.get("/v1/contributions").get_json()
        assert contribution["contributor_email"] == "a***@mail.example"
        assert contribution["metadata"]["note"] == "by a***@mail.example."
        assert contribution["metadata"]["deep"] == {"list": [{"who": "a***@mail.example"}]}

    def test_hides_a_name_that_was_taken_from_the_address(self, planted: Service) -> None:
        people = {person["email"]: person for person in planted.get("/v1/contributors").get_json()}
        assert people["c***@mail.example"]["name"] == "c***"

    @pytest.mark.parametrize("path", ["/v1/contributions", "/v1/contributors"])
    def test_shows_everything_to_holders_of_a_key(self, planted: Service, path: str) -> None:
        assert self.ADDRESS in planted.get(path, headers=KEY).get_data(as_text=True)

    def test_does_not_let_addresses_be_asked_for(self, planted: Service) -> None:
        for path in (
            f"/v1/contributors/{self.ADDRESS}",
            f"/v1/contributors/{self.ADDRESS}/contributions",
            f"/v1/contributions?contributor={self.ADDRESS}",
            "/v1/contributors?sort=name",
        ):
            assert_problem(planted.get(path), 401, "unauthenticated")
            assert planted.get(path, headers=KEY).status_code == 200
