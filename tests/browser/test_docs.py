"""The reference of the API in a browser: it is read, and every operation can be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests.browser.tab import Tab, tab
from tests.end_to_end.local_run import LocalRun

KEY = "dev-key"


@pytest.fixture(scope="module")
def ledger(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """Of its own, since what is tried changes it."""
    with LocalRun(tmp_path_factory.mktemp("docs") / "data", "embedded") as run:
        yield run


@pytest.fixture(scope="module")
def docs_tab(browser: Browser, ledger: LocalRun) -> Iterator[Tab]:
    """One for all, since the files of Swagger UI are large."""
    with tab(browser, ledger.address, expected={HTTPStatus.UNAUTHORIZED}) as opened:
        yield opened


@pytest.fixture
def docs(docs_tab: Tab, ledger: LocalRun) -> Iterator[Page]:
    """The page, as it is found under its shorter address; nothing is left of what was typed in."""
    page = docs_tab.page
    page.goto(f"{ledger.address}/docs")
    page.locator(".opblock").first.wait_for()
    assert page.url == f"{ledger.address}/docs/"
    yield page
    assert docs_tab.findings == []


def operation(page: Page, method: str, path: str) -> Locator:
    """An operation of the list, opened."""
    block = page.locator(f".opblock-{method}").filter(has=page.locator(f'[data-path="{path}"]'))
    block.locator(".opblock-summary-control").click()
    return block


def try_it(block: Locator) -> Response:
    """What the service answers to the example as it stands."""
    with block.page.expect_response(re.compile("/v1/(?!openapi)")) as answer:
        block.get_by_role("button", name="Execute").click()
    return answer.value


def give_key(page: Page) -> None:
    page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container").filter(has_text="X-API-Key")
    form.locator("input").fill(KEY)
    form.get_by_role("button", name="Apply credentials").click()
    page.locator(".close-modal").click()


def test_lists_every_operation_and_leads_back_to_the_ledger(docs: Page) -> None:
    document = docs.evaluate("fetch('/v1/openapi.json').then(answer => answer.json())")
    told = {(method, path) for path, item in document["paths"].items() for method in item}
    shown = docs.locator(".opblock").count()
    assert shown == len(told) > 20
    docs.get_by_role("link", name="The ledger").click()
    expect(docs).to_have_url(re.compile(r"^http://[^/]+/$"))
    expect(docs.get_by_role("heading", level=1)).to_have_text("The ledger")


@pytest.mark.long
def test_nothing_is_sent_that_nobody_typed(docs: Page, ledger: LocalRun) -> None:
    block = operation(docs, "get", "/v1/assets")
    assert "By default created." in block.inner_text()
    block.get_by_placeholder("name", exact=True).fill("octo/")
    answer = try_it(block)
    assert answer.url == f"{ledger.address}/v1/assets?name=octo%2F"
    assert answer.status == HTTPStatus.OK


def test_a_key_goes_with_what_needs_one_when_it_is_given(docs: Page) -> None:
    answer = try_it(operation(docs, "get", "/v1/contributions"))
    assert answer.status == HTTPStatus.OK
    assert "x-api-key" not in answer.request.headers
    block = operation(docs, "post", "/v1/assets")
    assert try_it(block).status == HTTPStatus.UNAUTHORIZED
    give_key(docs)
    answer = try_it(block)
    assert answer.status == HTTPStatus.CREATED, answer.text()
