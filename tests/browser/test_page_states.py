"""What the page says, and what it says to do, where there is nothing to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from shared.domain.errors import BeingBuilt, Forbidden, LedgerError, Unavailable
from shared.web.answer import PROBLEM_JSON, problem
from tests.browser.conftest import OpenTab
from tests.browser.lively import ADA, KEY, REPOSITORY, Lively
from tests.browser.tab import Tab, tab
from tests.end_to_end.local_run import LocalRun

NO_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def closed(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """`make run` with nothing in it, which shows even that to nobody without a key."""
    data = tmp_path_factory.mktemp("closed") / "data"
    with LocalRun(data, "embedded", LEDGER_READ_ACCESS="key") as run:
        yield run


def failing(error: LedgerError) -> Callable[[Route], Any]:
    answer = problem(error)
    return lambda route: route.fulfill(
        status=answer.status, json=answer.body, content_type=PROBLEM_JSON
    )


def test_a_closed_and_empty_ledger_asks_for_a_key_and_then_for_commits(
    open_tab: OpenTab, closed: LocalRun
) -> None:
    opened = open_tab(closed.address, expected={HTTPStatus.UNAUTHORIZED})
    page = opened.see("/")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("This is shown with a key only")
    assert opened.accessibility() == []
    page.get_by_label("Key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(heading).to_have_text("The ledger")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing is recorded yet")
    expect(page.locator("pre")).to_contain_text(f"curl -X POST {closed.address}/v1/")
    assert opened.accessibility() == []


def test_a_closed_ledger_refuses_a_key_that_may_not_read(looking: Tab) -> None:
    looking.expected = {HTTPStatus.FORBIDDEN}
    error = Forbidden("This credential lacks the scope read")
    looking.page.route("**/v1/months", failing(error))
    page = looking.see("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("This key may not read")
    expect(page.get_by_label("Key", exact=True)).to_be_visible()


def test_what_is_being_built_is_told_in_its_place_and_the_rest_is_shown(looking: Tab) -> None:
    looking.expected = {HTTPStatus.SERVICE_UNAVAILABLE}
    for path in ("/v1/months", f"/v1/assets/{REPOSITORY}/months", "**/contributors?*"):
        looking.page.route(f"**{path}", failing(BeingBuilt()))
    page = looking.see("/")
    expect(page.get_by_role("region", name="Months")).to_contain_text("make reconcile REPAIR=1")
    expect(page.get_by_role("region", name="Repositories").get_by_role("row")).to_have_count(3)
    assert looking.accessibility() == []
    page = looking.see(f"/?repository={REPOSITORY}")
    for name in ("Months", "People"):
        expect(page.get_by_role("region", name=name)).to_contain_text("Being counted anew")
    expect(
        page.get_by_role("region", name="Newest contributions").get_by_role("row")
    ).to_have_count(21)


def test_what_is_not_there_is_told_so(looking: Tab) -> None:
    looking.expected = {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
    for query, thing in {
        "repository=no/such": "repository",
        "repository=%00": "repository",
        f"contributor={NO_ID}": "person",
        f"contribution={NO_ID}": "contribution",
        "contribution=../../v1": "contribution",
        "contribution=": "contribution",
        "month=2026-13": "month",
        f"repository={REPOSITORY}&month=%3Cb%3E": "month",
    }.items():
        page = looking.see(f"/?{query}")
        heading = page.get_by_role("heading", level=1)
        expect(heading, query).to_have_text(f"There is no such {thing}")
        expect(page).to_have_title(f"There is no such {thing} · Contribution ledger")


def test_a_repository_that_is_not_there_is_told_so_in_a_person_s_list(
    looking: Tab, lively: Lively
) -> None:
    looking.expected = {HTTPStatus.NOT_FOUND}
    page = looking.see(f"/?contributor={lively.person(ADA)}&repository=no/such")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Example")
    listed = page.get_by_role("region", name="Contributions to no/such")
    expect(listed).to_contain_text("There is no such page")


def test_a_ledger_that_cannot_answer_is_tried_again(looking: Tab) -> None:
    looking.expected = {HTTPStatus.SERVICE_UNAVAILABLE}
    looking.page.route("**/v1/health/tracking", failing(Unavailable("Firestore is away")))
    page = looking.see("/")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("The ledger cannot answer now")
    page.unroute("**/v1/health/tracking")
    page.get_by_role("button", name="Try again").click()
    expect(heading).to_have_text("The ledger")


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ({"abort": "aborted"}, "The ledger cannot be reached"),
        ({"body": "<html>a proxy's page", "content_type": "text/html"}, "The ledger cannot be"),
    ],
)
def test_what_is_broken_is_told_so(looking: Tab, answer: dict[str, Any], title: str) -> None:
    path = f"**/v1/assets/{REPOSITORY}"
    if "abort" in answer:
        looking.page.route(path, lambda route: route.abort(answer["abort"]))
    else:
        looking.page.route(path, lambda route: route.fulfill(**answer))
    page = looking.see(f"/?repository={REPOSITORY}")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"^{title}"))
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_an_answer_that_nobody_understands_is_told_to_who_looks_for_it(
    browser: Browser, lively: Lively
) -> None:
    with tab(browser, lively.address) as opened:
        opened.page.route(f"**/v1/assets/{REPOSITORY}", lambda route: route.fulfill(json={}))
        page = opened.see(f"/?repository={REPOSITORY}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Something is broken here")
        [finding] = opened.findings
        assert finding.startswith("console: TypeError")


def test_until_there_is_an_answer_it_says_that_it_loads(looking: Tab) -> None:
    main = looking.page.locator("main")
    seen = []

    def slowly(route: Route) -> None:
        seen.append((main.inner_text(), main.get_attribute("aria-busy")))
        route.continue_()

    looking.page.route("**/v1/months", slowly)
    heading = looking.see("/").get_by_role("heading", level=1)
    expect(heading).to_have_text("The ledger")
    assert seen == [("Loading…", "true")]
