"""The page's ways: from figures to contributions, by keyboard, search or key, and into files."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Download, Locator, Page, Route, expect

from tests.browser.lively import ADA, GRACE, KEY, OTHER, REPOSITORY, Lively
from tests.browser.tab import Tab
from tests.browser.test_page import figures, path_of, rows

MONTH = "2024-02"


def month_rows(page: Page) -> list[list[str]]:
    return rows(page, "Contributions of February 2024")


def people_file(page: Page) -> Locator:
    return page.get_by_role("link", name="As CSV of: People")


def told_of(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("status")


def saved(page: Page) -> tuple[str, list[str]]:
    """The name and the lines of the file of all people."""
    with page.expect_download() as download:
        people_file(page).click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("\ufeff")
    assert text.count("\ufeff") == 1
    return download.value.suggested_filename, text[1:].splitlines()


def in_parts(opened: Tab) -> list[str]:
    """Answer every file in three parts; with which keys they were asked for."""
    parts = {
        "": "1,\u00c5da\r\n# continues: page_token=b+c=\r\n",
        "b+c=": '2,"# complete: 1 rows\r\n"\r\n# continues: page_token=d\r\n',
        "d": "3,Grace\r\n# complete: 1 rows\r\n",
    }
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("x-api-key", ""))
        query = parse_qs(urlsplit(route.request.url).query)
        [token] = query.get("page_token", [""])
        body = f"\ufeffid,name\r\n{parts[token]}"
        route.fulfill(body=body, content_type="text/csv; charset=utf-8")

    opened.page.route("**/*format=csv*", answer)
    return asked


class TestMonths:
    @pytest.mark.parametrize("view", ["ledger", "repository", "person"])
    def test_lead_to_their_contributions(self, looking: Tab, lively: Lively, view: str) -> None:
        path = path_of(view, lively)
        page = looking.see(path)
        heading = page.get_by_role("heading", level=1).inner_text()
        page.get_by_text("The same as a table").click()
        [counted] = [cells[1] for cells in rows(page, "Months") if cells[0] == "Feb 2024"]
        page.get_by_role("link", name="Feb 2024", exact=True).click()
        listed = page.get_by_role("region", name="Contributions of February 2024")
        expect(listed.get_by_role("row")).to_have_count(1 + int(counted))
        expect(listed).to_contain_text(f"{counted} contributions at a cost of ")
        assert {cells[-3] for cells in month_rows(page)} == {"3 Feb 2024"}
        assert page.get_by_role("region", name="Newest contributions").count() == 0
        assert page.title().startswith("Contributions of February 2024 · ")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        way_back = listed.get_by_role("link", name="All contributions")
        expect(way_back).to_have_attribute("href", path)

    def test_lead_there_from_their_bars_too_and_back_to_all(self, looking: Tab) -> None:
        page = looking.see("/")
        bar = page.locator(".bars a").filter(has=page.get_by_text("Feb 2024: 4 contributions"))
        bar.click()
        expect(page.locator(".bars .chosen")).to_have_count(1)
        assert len(month_rows(page)) == 4
        page.get_by_text("The same as a table").click()
        chosen = page.get_by_role("region", name="Months").locator("[aria-current=page]")
        expect(chosen).to_have_text("Feb 2024")
        page.get_by_role("link", name="All contributions").click()
        expect(page.get_by_role("region", name="Newest contributions")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("region", name="Contributions of February 2024")).to_be_visible()

    def test_show_more_of_theirs_and_none_of_others(self, looking: Tab) -> None:
        looking.page.route(
            "**/v1/contributions?month=*",
            lambda route: route.continue_(url=route.request.url.replace("limit=50", "limit=3")),
        )
        page = looking.see(f"/?month={MONTH}")
        assert len(month_rows(page)) == 3
        more = page.get_by_role("button", name="Show more of: Contributions of February 2024")
        more.click()
        expect(more).to_have_count(0)
        assert [cells[3] for cells in month_rows(page)] == ["3 Feb 2024"] * 4
        address = page.get_by_role("link", name="As CSV of: Contributions").get_attribute("href")
        assert address == f"/v1/contributions?month={MONTH}&format=csv"

    def test_without_contributions_are_shown_as_such(self, looking: Tab) -> None:
        page = looking.see("/?month=2001-01")
        listed = page.get_by_role("region", name="Contributions of January 2001")
        expect(listed).to_contain_text("None.")
        expect(listed.get_by_role("link", name="All contributions")).to_be_visible()


class TestParts:
    def test_of_a_person_in_a_repository_lead_to_these_contributions_alone(
        self, looking: Tab, lively: Lively
    ) -> None:
        ada = lively.person(ADA)
        mine = lively.get(f"/v1/contributions?contributor={ada}&repository={REPOSITORY}")
        page = looking.see(path_of("repository", lively))
        page.get_by_role("link", name=f"13 contributions by Ada Example to {REPOSITORY}").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Example")
        listed = page.get_by_role("region", name=f"Contributions to {REPOSITORY}")
        expect(listed).to_contain_text("13 contributions at a cost of ")
        shown = [cells[0] for cells in rows(page, f"Contributions to {REPOSITORY}")]
        assert shown == [
            one["commit_hash"][:8] if one["commit_hash"] else "by hand" for one in mine
        ]
        page.get_by_role("link", name=f"4 contributions by Ada Example to {OTHER}").click()
        other = page.get_by_role("region", name=f"Contributions to {OTHER}")
        expect(other.get_by_role("row")).to_have_count(1 + 4)

    def test_take_a_month_too_and_an_asset_by_its_id(self, looking: Tab, lively: Lively) -> None:
        asset = lively.get(f"/v1/assets/{REPOSITORY}")["id"]
        page = looking.see(f"{path_of('person', lively)}&repository={asset}&month={MONTH}")
        title = f"Contributions to {REPOSITORY} of February 2024"
        assert [cells[-3] for cells in rows(page, title)] == ["3 Feb 2024"]


class TestPeople:
    def test_are_listed_where_their_number_leads(self, looking: Tab, lively: Lively) -> None:
        page = looking.see("/")
        count = figures(page)["Contributors\u2019 addresses"]
        assert count == str(lively.get("/v1/health/tracking")["contributors"])
        page.locator(".figures").get_by_role("link", name=count).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("People")
        people = lively.get("/v1/contributors?sort=contributions")
        assert page.locator("tbody td:nth-child(2)").all_inner_texts() == [
            str(person["contribution_count"]) for person in people
        ]
        ada = page.get_by_role("link", name="Ada Example")
        expect(ada).to_have_attribute("href", path_of("person", lively))
        way = page.get_by_role("banner").get_by_role("link", name="People")
        expect(way).to_have_attribute("href", path_of("people", lively))


class TestWays:
    def test_lead_by_keyboard_alone_into_a_view_and_back(
        self, looking: Tab, lively: Lively
    ) -> None:
        page = looking.see("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText") == REPOSITORY:
                break
        page.keyboard.press("Enter")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text(REPOSITORY)
        page.get_by_role("region", name="People").get_by_role("link").first.focus()
        page.keyboard.press("Enter")
        expect(heading).not_to_have_text(REPOSITORY)
        page.go_back()
        expect(heading).to_have_text(REPOSITORY)
        page.go_back()
        expect(heading).to_have_text("The ledger")
        page.go_forward()
        expect(heading).to_have_text(REPOSITORY)

    def test_are_found_by_the_beginning_of_a_name(self, looking: Tab, lively: Lively) -> None:
        page = looking.see("/")
        field = page.get_by_role("searchbox")
        field.press_sequentially("OCTO/l")
        found = page.get_by_role("list", name="Found").get_by_role("link")
        expect(found).to_have_text([REPOSITORY])
        expect(page.get_by_role("status")).to_have_text("1 found. People are found with a key.")
        assert looking.accessibility() == []
        page.keyboard.press("ArrowDown")
        expect(found).to_be_focused()
        page.keyboard.press("Escape")
        expect(found).to_be_hidden()
        expect(field).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(REPOSITORY)

    def test_are_none_for_what_nothing_begins_with(self, looking: Tab, lively: Lively) -> None:
        page = looking.see("/")
        field, status = page.get_by_role("searchbox"), page.get_by_role("status")
        field.fill("nobody")
        expect(status).to_contain_text("None found.")
        field.fill("octo/l")
        expect(status).to_contain_text("1 found.")
        field.fill("")
        expect(status).to_be_hidden()
        expect(page.locator(".found a")).to_have_count(0)


class TestFiles:
    @pytest.mark.parametrize(("key", "address"), [("", "a***@example.com"), (KEY, ADA)])
    def test_hold_what_a_table_begins(
        self, looking: Tab, lively: Lively, key: str, address: str
    ) -> None:
        looking.use_key(key)
        name, lines = saved(looking.see("/?people"))
        assert name == "contributors.csv"
        assert len(lines) == 1 + len(lively.get("/v1/contributors"))
        assert any(address in line for line in lines)

    def test_go_on_to_their_end_with_a_key(self, looking: Tab, lively: Lively) -> None:
        looking.use_key(KEY)
        asked = in_parts(looking)
        page = looking.see("/?people")
        _, lines = saved(page)
        assert lines == ["id,name", "1,\u00c5da", '2,"# complete: 1 rows', '"', "3,Grace"]
        assert asked == [KEY] * 3
        expect(told_of(page)).to_be_empty()

    def test_say_that_without_a_key_they_are_the_first_rows(
        self, looking: Tab, lively: Lively
    ) -> None:
        in_parts(looking)
        page = looking.see("/?people")
        _, lines = saved(page)
        assert lines == ["id,name", "1,\u00c5da"]
        expect(told_of(page)).to_contain_text("The file holds the first hundred rows only")
        assert looking.accessibility() == []

    @pytest.mark.parametrize("ending", ["2,Gr", "# failed: unavailable page_token=abc\r\n"])
    def test_are_none_where_a_part_broke_off(
        self, looking: Tab, lively: Lively, ending: str
    ) -> None:
        looking.page.route(
            "**/*format=csv*", lambda route: route.fulfill(body=f"id,name\r\n1,Ada\r\n{ending}")
        )
        downloads: list[Download] = []
        looking.page.once("download", lambda download: downloads.append(download))
        page = looking.see("/?people")
        people_file(page).click()
        expect(told_of(page)).to_have_text("The file could not be read: it broke off.")
        assert downloads == []


class TestKey:
    def test_shows_addresses_and_finds_people_until_it_is_forgotten(
        self, looking: Tab, lively: Lively
    ) -> None:
        page = looking.see(path_of("person", lively))
        page.get_by_role("button", name="Key").click()
        field = page.get_by_role("dialog").get_by_label("Key")
        expect(field).to_be_focused()
        assert looking.accessibility() == []
        field.fill("a key of ciphers: \u2460\u2461")
        field.press("Enter")
        expect(field).to_be_visible()
        field.fill(KEY)
        field.press("Enter")
        expect(page.get_by_text(ADA)).to_be_visible()
        assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        assert KEY not in page.url
        found = page.get_by_role("list", name="Found").get_by_role("link")
        for beginning in ("grace@ex", "GRACE e"):
            page.get_by_role("searchbox").fill(beginning)
            expect(found).to_have_text(["Grace Example"])
        found.click()
        expect(page.get_by_text(GRACE)).to_be_visible()
        page.get_by_role("button", name="Key in use").click()
        page.get_by_role("button", name="Forget it").click()
        expect(page.get_by_text("g***@example.com")).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0

    def test_that_is_none_is_refused_with_a_field_for_another(
        self, looking: Tab, lively: Lively
    ) -> None:
        looking.expected = {HTTPStatus.UNAUTHORIZED}
        looking.use_key("wrong")
        page = looking.see("/")
        expect(page.get_by_text("The API key is not valid")).to_be_visible()
        page.get_by_role("main").get_by_role("button", name="Forget it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The ledger")
