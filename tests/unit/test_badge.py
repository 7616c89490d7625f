"""Badges: what they say, and that nothing that is written on one does anything."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.asset import Asset
from shared.domain.badge import Badge, Metric, badge_of, parse_label

ASSET = Asset(id="a", contribution_count=1234567, total_cost=1_234_500_000)
SVG = "{http://www.w3.org/2000/svg}"
LABELS = st.text(min_size=1, max_size=64).filter(
    lambda t: bool(t.strip()) and t.strip().isprintable()
)


def drawn(badge: Badge) -> ElementTree.Element:
    return ElementTree.fromstring(badge.svg())  # noqa: S314 - our own


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


class TestTheMessage:
    @pytest.mark.parametrize(
        ("metric", "label", "message"),
        [
            (Metric.CONTRIBUTIONS, "contributions", "1,234,567"),
            (Metric.CONTRIBUTORS, "contributors", "1,200"),
            (Metric.TOTAL_COST, "total cost", "1,234.50"),
        ],
    )
    def test_is_the_figure(self, metric: Metric, label: str, message: str) -> None:
        badge = badge_of(metric, label=None, asset=ASSET, contributors=1200)
        assert (badge.label, badge.message) == (label, message)

    def test_of_what_does_not_exist_is_unknown_and_grey(self) -> None:
        unknown = badge_of(Metric.CONTRIBUTIONS, label=None, asset=None)
        known = badge_of(Metric.CONTRIBUTIONS, label=None, asset=ASSET)
        assert (unknown.label, unknown.message) == ("contributions", "unknown")
        assert unknown.color != known.color


class TestThePicture:
    @given(label=LABELS.map(str.strip))
    def test_says_its_text_to_whoever_does_not_see_it(self, label: str) -> None:
        badge = badge_of(Metric.CONTRIBUTIONS, label=label, asset=ASSET)
        root = drawn(badge)
        whole = f"{label}: 1,234,567"
        assert (root.get("role"), root.get("aria-label")) == ("img", whole)
        assert root.findtext(f"{SVG}title") == whole
        assert [text.text for text in root.iter(f"{SVG}text")] == [label, "1,234,567"]

    def test_holds_no_markup_of_a_label(self) -> None:
        hostile = """"'><script>alert(1)</script><a href='javascript:x'>&amp;"""
        root = drawn(badge_of(Metric.CONTRIBUTIONS, label=hostile, asset=ASSET))
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags == {"svg", "title", "clipPath", "rect", "g", "text"}

    def test_is_wide_enough_for_its_text(self) -> None:
        def width(label: str) -> int:
            root = drawn(badge_of(Metric.CONTRIBUTIONS, label=label, asset=ASSET))
            texts = [int(text.get("textLength", "")) for text in root.iter(f"{SVG}text")]
            assert sum(texts) < int(root.get("width", ""))
            return texts[0]

        # A letter that is put together of two is as wide as one.
        assert width("iii") < width("nnn") < width("MMM") < width("貢献者数々々")
        assert width("e\N{COMBINING ACUTE ACCENT}") == width("e")

    @pytest.mark.parametrize("asset", [ASSET, None])
    def test_can_be_read_by_who_sees_little_contrast(self, asset: Asset | None) -> None:
        root = drawn(badge_of(Metric.CONTRIBUTIONS, label=None, asset=asset))
        colors = [rect.get("fill", "") for rect in root.iter(f"{SVG}rect") if rect.get("fill")]
        assert len(colors) == 2
        # https://www.w3.org/TR/WCAG22/#contrast-minimum
        assert all(contrast(color, "#ffffff") > 4.5 for color in colors)


class TestALabel:
    def test_is_taken_as_it_is(self) -> None:
        assert parse_label("  Beiträge 🎉 ") == "Beiträge 🎉"

    @pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x00b", "a\u202eb", "\ufffe", "x" * 65])
    def test_that_cannot_be_shown_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="must"):
            parse_label(text)
