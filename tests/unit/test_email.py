"""Email addresses: the real authors pass, one person has one spelling, and readers see a mask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.email import mask_text, name_from_email, normalise_email, spelt_as_today


class TestNormaliseEmail:
    @pytest.mark.parametrize(
        "address",
        [
            "49699333+dependabot[bot]@users.noreply.github.com",
            "root@localhost",
            "user@host.(none)",
            "jürgen@müller.example",
            "安全@例え.jp",
            "o'neil@example.com",
            "a/b@example.com",
            "a~b@example.com",
            ".dot@example.com",
            "__init__@example.com",
            "a%b@example.com",
            "test+tag@example.com",
            "a@b",
        ],
    )
    def test_keeps_the_address_of_a_real_author(self, address: str) -> None:
        assert normalise_email(address) == address

    @pytest.mark.parametrize(
        ("text", "email"),
        [
            ("Test@Example.COM", "test@example.com"),
            ("  test@example.com\n", "test@example.com"),
            ("\u00a0test@example.com\u2003", "test@example.com"),
            # Decomposed and composed umlaut, and a sign that NFC replaces by another (Å).
            ("ju\u0308rgen@x.org", "jürgen@x.org"),
            ("JU\u0308RGEN@x.org", "jürgen@x.org"),
            ("\u212b@x.org", "å@x.org"),
            # The Turkish capital dotted I becomes two characters, and stays so.
            ("İ@x.org", "i\u0307@x.org"),
            ("i\u0307@x.org", "i\u0307@x.org"),
            # What nobody sees: zero-width, joiners, soft hyphen, directions, byte order mark,
            # variation selectors, tags, fillers, musical and shorthand controls.
            ("bo\u200bb@x.org", "bob@x.org"),
            ("bo\u200cb@x\u200d.org", "bob@x.org"),
            ("bo\u00adb@x.org", "bob@x.org"),
            ("\u202abob\u202c@x.org\u200e", "bob@x.org"),
            ("\u2066bob\u2069@x.org", "bob@x.org"),
            ("\ufeffbob@x.org", "bob@x.org"),
            ("bob\ufe0f@x.org\U000e0100", "bob@x.org"),
            ("bob\U000e0062@x.org", "bob@x.org"),
            ("bob\u3164@x.org\uffa0", "bob@x.org"),
            ("bob\u180e\u034f\u061c\u2060@x.org", "bob@x.org"),
            ("bob\U0001d173\U0001bca0@x.org", "bob@x.org"),
            ("\u200b bob@x.org \u200b", "bob@x.org"),
            # Without it, two characters compose.
            ("ju\u200b\u0308rgen@x.org", "jürgen@x.org"),
        ],
    )
    def test_gives_one_spelling(self, text: str, email: str) -> None:
        assert normalise_email(text) == email

    def test_keeps_two_tags_apart(self) -> None:
        assert normalise_email("a+x@b.c") != normalise_email("a+y@b.c")

    @pytest.mark.parametrize(
        "text",
        ["", " ", "@", "a@", "\u200b@b", "a@\u00ad", "@b", "a", "a@b@c", "@@", "a b", "name <a>"],
    )
    def test_refuses_text_without_exactly_one_at_sign_between_text(self, text: str) -> None:
        with pytest.raises(ValueError, match="one @ with text on both sides"):
            normalise_email(text)

    @pytest.mark.parametrize(
        "text",
        ["a b@c", "a@b c", "a\t@b", "a\x00@b", "a@\x7fb", "a\u00a0@b", "a@b\u2028c", "a\ud800@b"],
    )
    def test_refuses_white_space_control_characters_and_lone_surrogates(self, text: str) -> None:
        with pytest.raises(ValueError, match="white space or control"):
            normalise_email(text)

    def test_allows_254_characters_and_no_more(self) -> None:
        longest = "a" * 248 + "@b.com"
        assert len(longest) == 254
        assert normalise_email(longest) == longest
        with pytest.raises(ValueError, match="at most 254"):
            normalise_email("a" + longest)

    def test_measures_the_length_after_trimming(self) -> None:
        assert normalise_email("a" * 248 + "@b.com" + " " * 50) == "a" * 248 + "@b.com"

    @given(st.text(), st.text())
    def test_is_idempotent(self, local: str, domain: str) -> None:
        try:
            once = normalise_email(f"{local}@{domain}")
        except ValueError:
            return
        assert normalise_email(f" {once}\n") == once


class TestSpeltAsToday:
    @pytest.mark.parametrize(
        ("kept", "today"),
        [
            ("bob@x.org", "bob@x.org"),
            ("bo\u200bb@x.org", "bob@x.org"),
            ("\u200b@x.org", "\u200b@x.org"),
            ("no address", "no address"),
        ],
    )
    def test_is_another_one_where_rules_came_later(self, kept: str, today: str) -> None:
        assert spelt_as_today(kept) == today


class TestNameFromEmail:
    @pytest.mark.parametrize(
        ("email", "name"),
        [
            ("alice@example.com", "alice"),
            ("alice+ci@example.com", "alice+ci"),
            ("49699333+dependabot[bot]@users.noreply.github.com", "dependabot[bot]"),
            ("583231+octocat@users.noreply.github.com", "octocat"),
            ("octocat@users.noreply.github.com", "octocat"),
            ("x+octocat@users.noreply.github.com", "x+octocat"),
            ("1+@users.noreply.github.com", "1+"),
            ("583231+octocat@users.noreply.example.com", "octocat"),
            ("583231+octocat@noreply.example.com", "583231+octocat"),
        ],
    )
    def test_is_the_local_part_or_the_github_login(self, email: str, name: str) -> None:
        assert name_from_email(email) == name


class TestMaskText:
    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("test@example.com", "t***@example.com"),
            ("a@b", "***@b"),
            ("written by test@example.com, mostly", "written by t***@example.com, mostly"),
            ("a.b@x.org and c.d@y.org", "a***@x.org and c***@y.org"),
            ("Alice <alice@example.com>", "Alice <***@example.com>"),
            ("alice%40example.com", "a***%40example.com"),
            ("https://x.org/?u=alice%40example.com&v=1", "h***%40example.com&v=1"),
            ("jürgen@müller.example", "j***@müller.example"),
            ("one@two@three", "o***@t***@three"),
            ("line\nalice@example.com\nline", "line\na***@example.com\nline"),
            ('by "first last"@example.com', 'by "***@example.com'),
            (r'{"a": "\"first last\"@example.com"}', r'{"a": "***@example.com"}'),
            (r'by "a\" b"@example.com', 'by "***@example.com'),
            (r'{"a": "by \"first last\"@example.com"}', r'{"a": "by \***@example.com"}'),
            # Two backslashes are one, and end nothing.
            (r'by "a b\\" c"@example.com', 'by "a b***@example.com'),
            ('<"first\tlast"@example.com>', "<***@example.com>"),
            (r"by first\ last@example.com", "by f***@example.com"),
            ('"first@last name"@example.com', '"***@l***@example.com'),
            ('first.last"@example.com', "f***@example.com"),
        ],
    )
    def test_hides_the_local_part_of_every_address(self, text: str, masked: str) -> None:
        assert mask_text(text) == masked

    @pytest.mark.parametrize(
        "text", ["", "no address", "@", "@alice", "alice@", "see @ home", "a @b", "100%", "%4"]
    )
    def test_leaves_text_without_an_address_alone(self, text: str) -> None:
        assert mask_text(text) == text

    @pytest.mark.parametrize(
        "text",
        ["a" * 16_384, " " * 16_384, "a " * 8_192, "a.b-c+d_" * 2_048],
        ids=["one word", "spaces", "words", "punctuation"],
    )
    def test_leaves_long_text_without_an_at_sign_alone(self, text: str) -> None:
        assert mask_text(text) == text

    def test_works_on_long_runs_of_at_signs_and_of_addresses(self) -> None:
        assert mask_text("@" * 16_384) == "@" * 16_384
        assert mask_text("ab@c " * 3_000) == "a***@c " * 3_000
        assert mask_text("a" * 16_384 + "@b") == "a***@b"
        assert mask_text('"' + r"\"" * 8_192 + '"@b') == '"***@b'
        assert mask_text(r"\ " * 8_192 + "@b") == r"\ " * 8_192 + "@b"

    @given(st.text(alphabet='ab.@ \n%40<>"\\', max_size=40))
    def test_is_idempotent_and_keeps_what_follows_the_at_sign(self, text: str) -> None:
        masked = mask_text(text)
        assert mask_text(masked).count("@") == text.count("@")
        assert mask_text(mask_text(masked)) == mask_text(masked)

    @given(
        st.text(alphabet="abcdef.+-_", min_size=2, max_size=20),
        st.text(alphabet="ghijk.", min_size=1, max_size=10),
        st.sampled_from(["{}", "by {} today", "<{}>", "({})", "mailto:{}", "{},{}"]),
    )
    def test_never_shows_an_address(self, local: str, domain: str, frame: str) -> None:
        address = f"{local}@{domain}"
        assert address not in mask_text(frame.format(address, address))
