"""What readers without a key see."""

from __future__ import annotations

from shared.domain.asset import Asset
from shared.domain.contributor import Contributor
from shared.web.presentation import mask, present

PERSON = Contributor(id="1", email="alice@example.com", name="alice")


class TestPresent:
    def test_shows_all_to_holders_of_a_key(self) -> None:
        shown = present(PERSON, masked=False)
        assert (shown["email"], shown["name"]) == ("alice@example.com", "alice")

    def test_masks_address_and_the_name_taken_from_it(self) -> None:
        shown = present(PERSON, masked=True)
        assert (shown["email"], shown["name"]) == ("a***@example.com", "a***")

    def test_masks_text_that_people_wrote(self) -> None:
        asset = Asset(id="1", name="by alice@example.com", description="ask bob@example.com")
        shown = present(asset, masked=True)
        assert (shown["name"], shown["description"]) == (
            "by a***@example.com",
            "ask b***@example.com",
        )


class TestMask:
    def test_reaches_strings_and_keys_at_any_depth(self) -> None:
        value = {"a": [{"bob@x.org": "carol@x.org"}, "dave%40x.org"], "n": 1, "no": None}
        assert mask(value) == {
            "a": [{"b***@x.org": "c***@x.org"}, "d***%40x.org"],
            "n": 1,
            "no": None,
        }

    def test_loses_no_contribution_where_two_keys_become_alike(self) -> None:
        value = {"bob@x.org": 1, "bea@x.org": 2, "b***@x.org": 3}
        assert mask(value) == {"b***@x.org": 1, "b***@x.org (2)": 2, "b***@x.org (3)": 3}

    def test_leaves_the_value_that_it_was_given_alone(self) -> None:
        value = {"who": ["bob@x.org"]}
        mask(value)
        assert value == {"who": ["bob@x.org"]}
