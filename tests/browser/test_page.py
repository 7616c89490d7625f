"""The page: every view with real data, for a mouse, a keyboard or a screen reader."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenTab
from tests.browser.lively import ADA, BOT, GRACE, HOSTILE, OTHER, REPOSITORY, Lively
from tests.browser.tab import NARROW, WIDE, Tab

VIEWS = ("ledger", "repository", "person", "voided")
# Of the same making, so seen in one width and scheme.
FURTHER = ("month", "people", "long name", "bot", "correction")
CELLS = "body => Array.from(body.rows, row => Array.from(row.cells, cell => cell.innerText))"
MOST_FILES, MOST_CALLS = 6, 4


def path_of(view: str, lively: Lively) -> str:
    match view:
        case "month":
            return "/?month=2024-02"
        case "people":
            return "/?people"
        case "repository":
            return f"/?repository={REPOSITORY}"
        case "long name":
            return f"/?repository={OTHER}"
        case "person":
            return f"/?contributor={lively.person(ADA)}"
        case "bot":
            return f"/?contributor={lively.person(BOT)}"
        case "voided":
            return f"/?contribution={lively.voided}"
        case "correction":
            return f"/?contribution={lively.correction}"
    return "/"


def figures(page: Page) -> dict[str, str]:
    """The figures at the top of a view, by their labels."""
    labels, values = (page.locator(f".figures {name}").all_inner_texts() for name in ("dt", "dd"))
    return dict(zip(labels, values, strict=True))


def rows(page: Page, section: str) -> list[list[str]]:
    """The cells of the table of a section, row by row."""
    shown: list[list[str]] = (
        page.get_by_role("region", name=section).locator("tbody").evaluate(CELLS)
    )
    return shown


@pytest.mark.parametrize("view", [*VIEWS, *FURTHER])
def test_a_view_is_sound_accessible_and_as_wide_as_its_window(
    looking: Tab, lively: Lively, view: str
) -> None:
    page = looking.see(path_of(view, lively))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_text(re.compile(r"^All figures as of \d+ \w{3} \d{4}, "))).to_be_visible()
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert page.locator("[style]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE
    if view in VIEWS:
        assert looking.accessibility() == []
    looking.looks(width=NARROW, scheme="dark")
    assert looking.accessibility() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


class TestLedger:
    def test_is_seen_with_few_files_and_calls(self, open_tab: OpenTab, lively: Lively) -> None:
        tab = open_tab(lively.address)
        # All of it, as on a screen that stands on end.
        tab.page.set_viewport_size({"width": WIDE, "height": 3000})
        asked: list[Request] = []
        tab.page.on("request", lambda request: asked.append(request))
        tab.open("/")
        calls = [request for request in asked if "/v1/" in request.url]
        assert len(asked) - len(calls) <= MOST_FILES
        assert 0 < len(calls) <= MOST_CALLS

    def test_is_what_an_address_shows_that_names_no_view(
        self, looking: Tab, lively: Lively
    ) -> None:
        page = looking.see("/?constructor=1&utm_source=somewhere")
        expect(page.get_by_role("heading", level=1)).to_have_text("The ledger")

    def test_shows_the_figures_that_the_api_has(self, looking: Tab, lively: Lively) -> None:
        page = looking.see("/")
        tracking, months = lively.get("/v1/health/tracking"), lively.get("/v1/months")
        cost = sum(Decimal(month["total_cost"]) for month in months)
        shown = figures(page)
        assert shown["Contributions"] == str(tracking["contributions"]) == "33"
        assert shown["Repositories"] == "2"
        assert shown["Cost"] == f"{cost:,.2f}"
        assert page.get_by_text("Receiving commits").count() == 2

    def test_has_a_table_with_what_its_chart_shows(self, looking: Tab, lively: Lively) -> None:
        page = looking.see("/")
        page.get_by_text("The same as a table").click()
        months = lively.get("/v1/months")
        table = rows(page, "Months")
        assert [int(cells[1]) for cells in table] == [
            month["contribution_count"] for month in reversed(months)
        ]
        expect(page.get_by_text(re.compile(r"^Contributions from \w+ 2023 to "))).to_be_attached()
        drawn = page.locator(".bars title").all_text_contents()
        assert sum(int(text.split(": ")[1].split()[0]) for text in drawn) == 33
        legend = page.locator(".legend").inner_text().split("\n")
        assert legend == ["by humans 30", "by agents 1", "by bots 2"]

    @pytest.mark.parametrize(
        ("first", "bars", "drawn"),
        [
            ("2026-11", 12, "Nov 2026: 3 contributions, 1 by a bot"),
            ("2017-01", 119, "Jan 2017: 2 contributions"),
            ("1991-05", 36, "1991: 2 contributions"),
        ],
    )
    def test_has_a_bar_for_each_month_or_where_there_are_too_many_for_each_year(
        self, looking: Tab, first: str, bars: int, drawn: str
    ) -> None:
        month: dict[str, Any] = {"contribution_count": 2, "bot_count": 0, "agent_count": 0}
        month |= {"assisted_count": 0, "total_cost": "1.00"}
        last = month | {"contribution_count": 3, "bot_count": 1, "month": "2026-11"}
        months = [month | {"month": first}] * (first != "2026-11") + [last]
        looking.page.route("**/v1/months", lambda route: route.fulfill(json=months))
        titles = looking.see("/").locator(".bars title").all_text_contents()
        assert (len(titles), drawn in titles) == (bars, True)

    def test_says_whether_it_is_tracking_and_what_was_turned_away(
        self, looking: Tab, lively: Lively
    ) -> None:
        page = looking.see("/")
        tracking = page.get_by_role("region", name="Is it tracking?")
        rejection = lively.get("/v1/health/tracking")["latest_rejection"]
        assert rejection["repository"] == "octo/hello"
        for text in ("Receiving commits", "invalid", rejection["reason"], "octo/hello"):
            expect(tracking).to_contain_text(text)

    def test_tells_names_all_at_once_when_somebody_comes_to_see_them(
        self, open_tab: OpenTab, lively: Lively
    ) -> None:
        opened = open_tab(lively.address)
        held: list[Route] = []
        opened.page.route(
            f"**/v1/contributors/{lively.person(ADA)}", lambda route: held.append(route)
        )
        page = opened.see("/")
        newest = page.get_by_role("region", name="Newest contributions")
        masked, grace, named = (
            newest.get_by_role("link", name=name).first
            for name in ("a***@example.com", "Grace Example", "Ada Example")
        )
        expect(masked).to_be_attached()
        with page.expect_response(f"**/v1/contributors/{lively.person(GRACE)}") as other:
            newest.scroll_into_view_if_needed()
        other.value.finished()
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        expect(grace).to_have_count(0)
        held[0].continue_()
        expect(named).to_be_visible()
        expect(grace).to_be_visible()
        expect(masked).to_have_count(0)

    def test_tells_names_when_it_is_printed(self, open_tab: OpenTab, lively: Lively) -> None:
        page = open_tab(lively.address).see("/")
        newest = page.get_by_role("region", name="Newest contributions")
        assert newest.get_by_role("link", name="Ada Example").count() == 0
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(newest.get_by_role("link", name="Ada Example").first).to_be_visible()


class TestRepository:
    def test_shows_who_contributed_how_much(self, looking: Tab, lively: Lively) -> None:
        page = looking.see(path_of("repository", lively))
        expect(page).to_have_title(f"{REPOSITORY} · Contribution ledger")
        expect(page.get_by_text("Formerly octo/older-name")).to_be_visible()
        by_name = {cells[0]: cells[2:] for cells in rows(page, "People")}
        asset = lively.get(f"/v1/assets/{REPOSITORY}")
        parts = lively.get(f"/v1/assets/{REPOSITORY}/contributors")
        [ada] = [part for part in parts if part["name"] == "Ada Example"]
        cost = Decimal(ada["total_cost"])
        share = round(cost / Decimal(asset["total_cost"]) * 100, 1)
        score = Decimal(ada["weight"]) / cost - Decimal("0.5")
        assert by_name["Ada Example"] == [
            str(ada["contribution_count"]),
            f"{score:.2f}",
            f"{share:.1f}%",
            f"{cost:,.2f}",
        ]
        assert {"Claudeagent", "dependabot[bot]bot"} <= {name.replace("\n", "") for name in by_name}
        spark = page.get_by_role("img", name=re.compile("months? of the last 24"))
        assert spark.count() == len(parts)

    def test_has_a_badge_to_copy_with_words_for_it(self, looking: Tab, lively: Lively) -> None:
        page = looking.see(path_of("repository", lively))
        badge = page.get_by_role("img", name=f"Contributions to {REPOSITORY}")
        assert badge.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        text = page.get_by_label("Markdown").input_value()
        origin = lively.address
        assert text == (
            f"[![Contributions to {REPOSITORY}]({origin}/v1/assets/{REPOSITORY}/badge)]"
            f"({origin}/?repository={REPOSITORY})"
        )

    def test_shows_more_contributions_until_there_are_no_more(
        self, looking: Tab, lively: Lively
    ) -> None:
        page = looking.see(path_of("repository", lively))
        assert len(rows(page, "Newest contributions")) == 20
        more = page.get_by_role("button", name="Show more of: Newest contributions")
        more.click()
        expect(more).to_have_count(0)
        assert len(rows(page, "Newest contributions")) == 29

    def test_is_found_by_its_id_and_under_a_former_name_too(
        self, looking: Tab, lively: Lively
    ) -> None:
        asset = lively.get(f"/v1/assets/{REPOSITORY}")
        for key in (asset["id"], "octo/older-name"):
            page = looking.see(f"/?repository={key}")
            expect(page.get_by_role("heading", level=1)).to_have_text(REPOSITORY)


class TestPerson:
    def test_hides_the_address_from_who_has_no_key(self, looking: Tab, lively: Lively) -> None:
        page = looking.see(path_of("person", lively))
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Example")
        expect(page.get_by_text("a***@example.com")).to_be_visible()
        assert ADA not in page.content()
        assert {cells[0] for cells in rows(page, "Repositories")} == {REPOSITORY, OTHER}


class TestContribution:
    def test_tells_credits_score_and_what_became_of_it(self, looking: Tab, lively: Lively) -> None:
        page = looking.see(path_of("voided", lively))
        assert rows(page, "Credits") == [
            ["Ada Example", "author", "50.0%", "60.00"],
            ["Grace Example", "co-author", "50.0%", "60.00"],
            ["Claudeagent", "co-author", "0.0%", "0.00"],
        ]
        assert rows(page, "Score") == [
            ["Every contribution begins with", "0.5"],
            ["It comes with tests", "0.2"],
            ["It changes files", "0.1"],
            ["It adds 1 to 99 lines", "0.2"],
        ]
        commit = page.get_by_role("link", name="f" * 40)
        expect(commit).to_have_attribute(
            "href", f"https://github.com/{REPOSITORY}/commit/{'f' * 40}"
        )
        expect(page.get_by_text("Why: Too much")).to_be_visible()
        page.get_by_role("link", name="its correction").click()
        expect(page).to_have_url(re.compile(lively.correction))
        expect(page.get_by_role("heading", level=1)).to_have_text("Contribution by hand")
        assert figures(page)["Cost"] == "12.345678"
        expect(page.get_by_text(lively.script)).to_be_visible()
        expect(page.get_by_role("term").filter(has_text="constructor")).to_have_count(1)
        page.get_by_role("link", name="a voided one").click()
        expect(page).to_have_url(re.compile(lively.voided))

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "not an address"])
    def test_links_to_nothing_but_the_web(self, looking: Tab, lively: Lively, url: str) -> None:
        # Who types into the console's documents is bound by no rule.
        path = f"/v1/contributions/{lively.voided}"
        typed = lively.get(path) | {"url": url}
        looking.page.route(f"**{path}", lambda route: route.fulfill(json=typed))
        page = looking.see(path_of("voided", lively))
        expect(page.get_by_text("f" * 40)).to_be_visible()
        assert page.get_by_role("link", name="f" * 40).count() == 0


class TestHostileNames:
    def test_are_text_in_a_list(self, looking: Tab, lively: Lively) -> None:
        page = looking.see(path_of("repository", lively))
        for name in HOSTILE.values():
            shown = page.get_by_role("region", name="People").get_by_text(name, exact=True)
            expect(shown).to_have_js_property("localName", "bdi")
        assert page.locator("main img[src=x]").count() == 0
        for width in (WIDE, NARROW):
            looking.looks(width=width, scheme="light")
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    @pytest.mark.parametrize("email", HOSTILE)
    def test_are_text_as_a_title(self, looking: Tab, lively: Lively, email: str) -> None:
        looking.looks(width=NARROW, scheme="light")
        page = looking.see(f"/?contributor={lively.person(email)}")
        heading = page.get_by_role("heading", level=1)
        expect(heading.get_by_text(HOSTILE[email], exact=True)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_printed_it_is_without_what_only_a_screen_has(looking: Tab, lively: Lively) -> None:
    page = looking.see(path_of("repository", lively))
    page.emulate_media(media="print")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(page.get_by_role("region", name="People")).to_be_visible()
