"""Money: exact in, exact out, and nothing guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import format_money, parse_money, split_money


class TestParseMoney:
    @pytest.mark.parametrize(
        ("value", "micros"),
        [
            (0, 0),
            (1, 1_000_000),
            (100, 100_000_000),
            (10_000_000, 10_000_000_000_000),
            (Decimal("100.00"), 100_000_000),
            (Decimal("0.1"), 100_000),
            (Decimal("0.000001"), 1),
            (Decimal("12.345678"), 12_345_678),
            (Decimal("9999999.999999"), 9_999_999_999_999),
            (Decimal("1E+7"), 10_000_000_000_000),
            (Decimal("1E-6"), 1),
            (Decimal("0E-400"), 0),
            (Decimal("0E+400"), 0),
            (Decimal("-0"), 0),
            (Decimal("-0.00"), 0),
            (Decimal("1." + "0" * 60), 1_000_000),
            ("0", 0),
            ("100.00", 100_000_000),
            ("12.345678", 12_345_678),
            ("00000001", 1_000_000),
            ("10000000.000000", 10_000_000_000_000),
        ],
    )
    def test_reads_the_amount_exactly(self, value: object, micros: int) -> None:
        assert parse_money(value) == micros

    @pytest.mark.parametrize(
        "value",
        [
            Decimal("1E-7"),
            Decimal("0.0000001"),
            Decimal("12.3456789"),
            Decimal("9999999.9999999"),
            Decimal("1E-400"),
            Decimal("1E-999999999999"),
            # One digit more than the precision of the conversion.
            Decimal("1." + "0" * 45 + "1"),
        ],
    )
    def test_refuses_more_than_six_decimals_rather_than_rounding(self, value: Decimal) -> None:
        with pytest.raises(ValueError, match="at most 6 decimals"):
            parse_money(value)

    @pytest.mark.parametrize(
        "value",
        [
            -1,
            10_000_001,
            pytest.param(10**10_000, id="huge"),
            pytest.param(-(10**10_000), id="huge-negative"),
            Decimal("-0.000001"),
            Decimal("-1E-400"),
            Decimal("10000000.000001"),
            Decimal("1E+8"),
            Decimal("1E+999999999999"),
            "10000001",
            "10000000.000001",
            "99999999",
        ],
    )
    def test_refuses_amounts_outside_0_to_10_million(self, value: object) -> None:
        with pytest.raises(ValueError, match="from 0 to 10,000,000"):
            parse_money(value)

    @pytest.mark.parametrize(
        "value", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]
    )
    def test_refuses_what_is_not_finite(self, value: Decimal) -> None:
        with pytest.raises(ValueError, match="finite"):
            parse_money(value)

    @pytest.mark.parametrize("value", [True, False, 1.0, 0.1, None, [], {}, b"1.00"])
    def test_refuses_booleans_binary_floats_and_other_types(self, value: object) -> None:
        with pytest.raises(ValueError, match="must be a number"):
            parse_money(value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,00",
            "1_000",
            " 1",
            "1\n",
            "NaN",
            "1.0000000",
            "000000001",
            "١٢",
            "$1",
        ],
    )
    def test_refuses_text_that_is_not_plain_decimal(self, text: str) -> None:
        with pytest.raises(ValueError, match="decimal number"):
            parse_money(text)


class TestFormatMoney:
    @pytest.mark.parametrize(
        ("micros", "text"),
        [
            (0, "0.00"),
            (1, "0.000001"),
            (10, "0.00001"),
            (100_000, "0.10"),
            (120_000, "0.12"),
            (123_000, "0.123"),
            (1_000_000, "1.00"),
            (100_000_000, "100.00"),
            (12_345_678, "12.345678"),
            (10_000_000_000_000, "10000000.00"),
            (-1, "-0.000001"),
            (-1_500_000, "-1.50"),
        ],
    )
    def test_shows_two_to_six_decimals(self, micros: int, text: str) -> None:
        assert format_money(micros) == text


class TestSplitMoney:
    @pytest.mark.parametrize(
        ("micros", "people", "shares"),
        [
            (100_000_000, 1, (100_000_000, 100_000_000)),
            (100_000_000, 2, (50_000_000, 50_000_000)),
            (100_000_000, 3, (33_333_334, 33_333_333)),
            (1, 2, (1, 0)),
            (2, 51, (2, 0)),
            (0, 4, (0, 0)),
        ],
    )
    def test_gives_the_rest_to_the_first(
        self, micros: int, people: int, shares: tuple[int, int]
    ) -> None:
        assert split_money(micros, people) == shares


micros = st.integers(0, 10_000_000_000_000)


class TestProperties:
    @given(micros)
    def test_what_is_shown_reads_back_as_the_same_amount(self, amount: int) -> None:
        assert parse_money(format_money(amount)) == amount
        assert parse_money(Decimal(format_money(amount))) == amount

    @given(micros, st.integers(1, 51))
    def test_shares_sum_to_the_whole_and_differ_by_less_than_a_micro_each(
        self, amount: int, people: int
    ) -> None:
        first, other = split_money(amount, people)
        assert first + (people - 1) * other == amount
        assert 0 <= first - other < people
