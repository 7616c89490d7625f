"""What people get to read of a run: no success that was none, no secret, no command."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest

from ledger import page_of, service_base
from tests.github.repositories import ZEROS, Repository
from tests.github.runner import Runner
from tests.github.stub_ledger import KEY, StubLedger, answer, problem
from text import public

RunnerFor = Callable[..., Runner]


class TestTheSummary:
    def test_has_a_row_for_each_commit_with_what_the_ledger_said(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        new, voided, refused, conflict = (origin.commit() for _ in range(4))
        ledger.voided = {voided}
        ledger.refused = {refused: "is not an address"}
        ledger.entries[conflict] = {"contributor_email": "somebody@else.example"}

        run = runner_for(conflict).push(before, conflict, inputs=ledger.inputs)

        rows = [line.split(" | ") for line in run.summary.splitlines() if line.startswith("| [`")]
        assert [row[3:] for row in rows] == [
            ["0.25", "0.7", "recorded", " |"],
            ["—", "—", "voided", "the entry was voided |"],
            ["—", "—", "invalid", "/contributor&#95;email is not an address |"],
            ["—", "—", "conflict", "recorded before with another author |"],
        ]
        assert rows[0][0] == f"| [`{new[:10]}`](https://github.com/octo/demo/commit/{new})"
        assert rows[0][1] == "Ada Lovelace a&#42;&#42;&#42;&#64;example.com"
        assert run.counts == (1, 0, 3, 0)

    def test_tells_who_else_wrote_a_commit_and_what_helped(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        people = "".join(f"Co-authored-by: P{n} <p{n}@example.com>\n" for n in range(5))
        pushed = origin.commit(f"Pair\n\n{people}Assisted-by: Claude:claude-opus-4-6\n")

        run = runner_for(pushed).push(before, pushed, inputs=ledger.inputs)

        (row,) = (line for line in run.summary.splitlines() if line.startswith("| [`"))
        assert html.unescape(row.split(" | ")[2]) == (
            "P0 p***@example.com, P1 p***@example.com, P2 p***@example.com, 2 more; "
            "assisted by Claude:claude-opus-4-6"
        )

    @pytest.mark.parametrize(
        ("url", "link"),
        [
            ("https://ledger.example/a(b)", "https://ledger.example/a%28b%29"),
            ("https://ledger.example/v1/contributions/github", "https://ledger.example"),
            ("https://track-github-abc-uc.a.run.app", None),
            ("https://us-central1-p.cloudfunctions.net/track-github", None),
        ],
    )
    def test_links_to_the_ledgers_page_where_there_is_one(self, url: str, link: str | None) -> None:
        page = page_of(service_base(url), "octo/demo")
        assert page == (f"{link}/?repository=octo/demo" if link else "")

    def test_begins_with_the_link(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before, pushed = origin.head, origin.commit()
        run = runner_for(pushed).push(before, pushed, inputs=ledger.inputs)
        link = f"- [This repository in the ledger]({ledger.url}/?repository=octo/demo)"
        assert link in run.summary.splitlines()

    def test_shows_a_part_of_a_push_that_is_too_long_for_it(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit_many(4000, name="|" * 150)
        after = origin.git("rev-parse", "main")

        run = runner_for(after).push(ZEROS, after, inputs=ledger.inputs)

        assert run.counts == (4001, 0, 0, 0)
        assert len(run.summary.encode()) < 1024 * 1024
        assert re.search(r"\n\d,\d{3} more commits are not shown\.\n", run.summary)

    def test_is_no_place_for_an_authors_markup(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        name = (
            "a|b [x](javascript:1) `c` <img src=x> **d** @team #1 https://e.example "
            "\\| www.f.example"
        )
        pushed = origin.commit_object(f"{name} <eve@example.com> 1700000000 +0000".encode())

        run = runner_for(pushed).push(before, pushed, inputs=ledger.inputs)

        (row,) = (line for line in run.summary.splitlines() if line.startswith("| [`"))
        shown = row.split(" | ")[1]
        assert len(row.split(" | ")) == 7
        assert not re.search(r"[|\[\]`<>*@\\]|://|www\.|#(?!\d+;)", shown)
        assert "a&#124;b" in shown


class TestWhatDiffers:
    """The first report of a commit wins; what a later one says otherwise is said."""

    def test_is_summed_and_named_beside_each_commit(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before, same, costlier, shared = (origin.commit() for _ in range(4))
        runner = runner_for(shared)
        runner.push(before, shared, inputs=ledger.inputs)
        ledger.entries[costlier]["cost_amount"] = "7.00"
        ledger.entries[shared] |= {"metadata": {}, "co_authors": [{"email": "a@b", "name": "A"}]}

        run = runner.push(before, shared, inputs=ledger.inputs)

        assert run.status == 0
        assert run.counts == (0, 3, 0, 0)
        assert "0 recorded, 3 replayed, 0 rejected; 2 kept with other figures" in run.summary
        assert f"{same[:10]} a***@example.com: replayed\n" in run.stdout
        assert "replayed, kept with another cost_amount\n" in run.stdout
        assert "| replayed | kept with another co&#95;authors, metadata |" in run.summary

    @pytest.mark.parametrize("differs", [None, [], "cost_amount", {}, 7])
    def test_may_be_absent_or_empty_or_nothing_that_is_known(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, differs: object
    ) -> None:
        outcome = {"commit_hash": origin.head, "outcome": "replayed", "differs": differs}
        ledger.then(answer(200, body=json.dumps({"outcomes": [outcome]}).encode()))

        run = runner_for(origin.head).push(ZEROS, origin.head, inputs=ledger.inputs)

        assert run.counts == (0, 1, 0, 0)
        assert "other figures" not in run.log


class TestTheLog:
    def test_shows_no_address(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        origin.commit(author=("ada@private.example", "ada@private.example"))
        conflict = origin.commit(author=("Bob bob@private.example", "bob@private.example"))
        ledger.entries[conflict] = {"contributor_email": "somebody@else.example"}

        run = runner_for(conflict).push(before, conflict, inputs=ledger.inputs)

        assert "a***@private.example" in run.stdout
        assert not re.search(r"(ada|bob|somebody)@", run.log)

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("by ada@example.com.", "by a***@example.com."),
            ("<a@b>", "<***@b>"),
            ("https://user:word@example.com/x", "h***@example.com/x"),
            ("https://example.com/?who=ada%40example.com", "h***%40example.com"),
            ("a @ b, @team, me@", "a @ b, @team, me@"),
            ("line\r\nbreak \x00\x1b[2K\u202e", "line break [2K"),
            ("x" * 9999, "x" * 399 + "…"),
        ],
    )
    def test_shows_any_text_on_one_line_and_without_addresses(self, text: str, shown: str) -> None:
        assert public(text) == shown

    def test_cannot_be_given_commands_by_an_author_or_by_the_service(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        before = origin.head
        attack = "%0A::set-output name=recorded::9\n::add-path::/x ##[add-path]/x \x1b[2K\u202e"
        refused = origin.commit_object(
            b"%0A::error::x ##[error]y \xe2\x80\xae <::warning::\xe2\x80\xae@example.com> 17 +0000"
        )
        ledger.refused = {refused: attack}

        run = runner_for(refused).push(before, refused, inputs=ledger.inputs)

        assert run.counts == (0, 0, 1, 0)
        commands = [line for line in run.stdout.splitlines() if "::" in line[:3]]
        assert [line.split("::")[1] for line in commands] == [
            "add-mask",
            "error title=Contribution ledger",
        ]
        assert "%250A" in commands[1]
        assert "##[" not in run.log
        assert "\x1b" not in run.log
        assert "\u202e" not in run.log

    def test_never_shows_the_key_and_masks_it_first(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.then(problem(403, title="Forbidden", detail=f"Key {KEY[:5]} may not"))

        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs | {"api-key": f"{KEY}\n"}
        )

        assert run.stdout.splitlines()[0] == f"::add-mask::{KEY}"
        assert KEY not in run.log
        assert ledger.requests[0].headers["X-Api-Key"] == KEY


class TestAFailure:
    def test_is_an_error_with_the_problems_reason_and_does_not_break_the_build(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.accepted.clear()

        run = runner_for(origin.head).push(ZEROS, origin.head, inputs=ledger.inputs)

        assert run.status == 0
        assert run.counts == (0, 0, 0, 1)
        assert run.annotations("error") == [
            "Not recorded (failed): HTTP 401: Unauthorized: Unknown key (bad_key). "
            f"Commits: {origin.head[:10]}."
        ]
        assert len(ledger.requests) == 1
        assert f"{origin.head[:10]} a***@example.com: failed, HTTP 401" in run.stdout
        assert "recorded, " not in run.stdout.replace("0 recorded, ", "")

    def test_breaks_the_build_where_fail_on_error_asks_for_it(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.accepted.clear()

        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs | {"fail-on-error": "true"}
        )

        assert run.status == 1
        assert run.counts == (0, 0, 0, 1)

    def test_of_one_commit_breaks_the_build_where_fail_on_error_asks_for_it(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.voided = {origin.head}
        inputs = ledger.inputs | {"fail-on-error": "true"}

        assert runner_for(origin.head).push(ZEROS, origin.head, inputs=inputs).status == 1

    def test_of_nothing_does_not_break_the_build_under_fail_on_error(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        inputs = ledger.inputs | {"fail-on-error": "true"}

        assert runner_for(origin.head).push(ZEROS, origin.head, inputs=inputs).status == 0

    def test_names_what_the_service_found_in_the_request(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        errors = [{"pointer": f"/{n}", "message": "is odd"} for n in range(5)]
        ledger.then(problem(422, title="Unprocessable Content", errors=errors))

        run = runner_for(origin.head).push(ZEROS, origin.head, inputs=ledger.inputs)

        (error,) = run.annotations("error")
        assert "422: Unprocessable Content; /0 is odd; /1 is odd; /2 is odd; ..." in error

    @pytest.mark.parametrize(
        "body",
        [
            b"<html>Welcome to the hotel's network</html>",
            b"[]",
            b"{}",
            json.dumps({"outcomes": []}).encode(),
            json.dumps({"outcomes": [{"commit_hash": "0" * 40, "outcome": "recorded"}]}).encode(),
            json.dumps({"outcomes": [7]}).encode(),
            b"\xff",
            b"",
        ],
    )
    def test_is_what_a_200_of_something_else_counts_as(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, body: bytes
    ) -> None:
        ledger.then(answer(200, body=body))

        run = runner_for(origin.head).push(ZEROS, origin.head, inputs=ledger.inputs)

        assert run.counts == (0, 0, 0, 1)
        (error,) = run.annotations("error")
        assert "what answers at that url is not a contribution ledger" in error

    def test_is_what_an_unknown_outcome_counts_as(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        outcome = {"commit_hash": origin.head, "outcome": "pondering"}
        ledger.then(answer(200, body=json.dumps({"outcomes": [outcome]}).encode()))

        run = runner_for(origin.head).push(ZEROS, origin.head, inputs=ledger.inputs)

        assert run.counts == (0, 0, 0, 1)

    def test_at_a_redirect_sends_the_key_nowhere_else(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        runner = runner_for(origin.head)
        with StubLedger() as other:
            for status in (301, 302, 303, 307, 308):
                ledger.then(answer(status, Location=f"{other.url}/v1/contributions/github/batch"))
                run = runner.push(ZEROS, origin.head, inputs=ledger.inputs)
                (error,) = run.annotations("error")
                assert f"HTTP {status}: redirected to {other.url}" in error
                assert run.counts == (0, 0, 0, 1)
            assert other.requests == []
        assert len(ledger.requests) == 5


class TestConfiguration:
    def test_without_a_url_the_step_is_skipped_with_a_notice(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs={"api-key": KEY, "fail-on-error": "true"}
        )

        assert run.status == 0
        assert run.annotations("notice") == ["Skipped: no url is set"]
        assert run.counts == (0, 0, 0, 0)

    def test_without_a_key_and_an_identity_token_the_step_is_skipped_with_a_notice(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs={"url": ledger.url, "fail-on-error": "true"}
        )

        assert run.status == 0
        (notice,) = run.annotations("notice")
        assert notice.startswith("Skipped: no api-key is set")
        assert ledger.requests == []

    @pytest.mark.parametrize(
        "url",
        [
            "ledger.example.com",
            "ftp://ledger.example.com",
            "https://",
            "https://user:secret@ledger.example.com",
            "https://ledger.example.com:port",
            "https://ledger.example.com/a b",
            "https://ledger.example.com/\r\nX-Injected: 1",
        ],
    )
    def test_an_unusable_url_is_an_error_that_does_not_repeat_it(
        self, origin: Repository, runner_for: RunnerFor, url: str
    ) -> None:
        run = runner_for(origin.head).push(ZEROS, origin.head, inputs={"url": url, "api-key": KEY})

        assert run.status == 0
        assert run.annotations("error") == [
            "The push was not recorded in full: url must be like https://ledger.example.com"
        ]

    def test_a_key_that_no_header_can_carry_is_an_error_that_does_not_show_it(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        key = "first\r\nX-Injected: second"

        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs | {"api-key": key}
        )

        (error,) = run.annotations("error")
        assert "the API key holds characters that no header can carry" in error
        assert "second" not in run.log
        assert ledger.requests == []

    @pytest.mark.parametrize(
        "suffix",
        [
            "",
            "/",
            "/v1/contributions/github",
            "/v1/contributions/github/",
            "/v1/contributions/github/batch",
        ],
    )
    @pytest.mark.parametrize("prefix", ["", "/track-github"])
    def test_the_url_may_be_the_services_the_functions_or_the_endpoints(
        self,
        origin: Repository,
        runner_for: RunnerFor,
        ledger: StubLedger,
        prefix: str,
        suffix: str,
    ) -> None:
        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs | {"url": f"{ledger.url}{prefix}{suffix}"}
        )

        assert run.counts == (1, 0, 0, 0)
        assert ledger.requests[0].path == f"{prefix}/v1/contributions/github/batch"


class TestIdentityTokens:
    TOKEN = "header.payload.signature"

    def environment(self, ledger: StubLedger) -> dict[str, str]:
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ledger.url}/id-token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
        }

    @pytest.mark.parametrize("audience", ["", "my ledger"])
    def test_stands_in_for_the_key_and_is_masked(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, audience: str
    ) -> None:
        ledger.identity_token = self.TOKEN
        ledger.accepted = {("Authorization", f"Bearer {self.TOKEN}")}

        run = runner_for(origin.head).push(
            ZEROS,
            origin.head,
            inputs={"url": f"{ledger.url}/v1/contributions/github", "oidc-audience": audience},
            environment=self.environment(ledger),
        )

        assert run.counts == (1, 0, 0, 0)
        asked, sent = ledger.requests
        expected = {"": ledger.url.replace(":", "%3A").replace("/", "%2F")}.get(
            audience, "my+ledger"
        )
        assert asked.path == f"/id-token?api-version=2.0&audience={expected}"
        assert asked.headers["Authorization"] == "Bearer request-token"
        assert "X-Api-Key" not in sent.headers
        assert f"::add-mask::{self.TOKEN}\n" in run.stdout
        assert self.TOKEN not in run.log
        assert "request-token" not in run.log

    def test_is_asked_for_before_each_try_because_it_lasts_for_minutes_only(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.identity_token = self.TOKEN
        ledger.accepted = {("Authorization", f"Bearer {self.TOKEN}")}
        ledger.then(answer(503), answer(503))

        run = runner_for(origin.head).push(
            ZEROS,
            origin.head,
            inputs={"url": ledger.url},
            environment=self.environment(ledger),
        )

        assert run.counts == (1, 0, 0, 0)
        assert [request.method for request in ledger.requests] == ["GET", "POST"] * 3

    def test_is_not_asked_for_where_there_is_a_key(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        ledger.identity_token = self.TOKEN

        run = runner_for(origin.head).push(
            ZEROS, origin.head, inputs=ledger.inputs, environment=self.environment(ledger)
        )

        assert run.counts == (1, 0, 0, 0)
        assert [request.method for request in ledger.requests] == ["POST"]

    def test_that_github_does_not_give_is_an_error(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).push(
            ZEROS,
            origin.head,
            inputs={"url": ledger.url},
            environment=self.environment(ledger),
        )

        assert run.counts == (0, 0, 0, 1)
        (error,) = run.annotations("error")
        assert "GitHub gave no identity token: HTTP 404" in error
