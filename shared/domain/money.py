"""Money as whole micro-units (millionths) in an int, so that sums are exact.

Firestore has no decimal type, and sums of binary floats drift; an int64 of micro-units holds
nine million millions.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

MICROS = 1_000_000
MAX_AMOUNT_MICROS = 10_000_000 * MICROS
MAX_DECIMALS = 6

_TEXT = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,6})?")
# A conversion that would lose a digit raises instead of rounding.
_EXACT = Context(prec=40, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])


def parse_money(value: object) -> int:
    """Micro-units of a JSON number (`Decimal` or `int`) or of decimal text such as `"100.00"`.

    Accepts 0 to 10,000,000 with at most 6 decimals; raises `ValueError` otherwise. A binary
    float is refused: it no longer is the number that was sent.
    """
    if isinstance(value, str):
        if not _TEXT.fullmatch(value):
            raise ValueError("must be a decimal number such as 12.50, with at most 6 decimals")
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number, or decimal text such as 12.50")  # noqa: TRY004
    if isinstance(value, int):
        # Compared before it is converted: the text of a huge int is slow to make.
        if not 0 <= value <= MAX_AMOUNT_MICROS // MICROS:
            raise ValueError("must be from 0 to 10,000,000")
        return value * MICROS
    if not value.is_finite():
        raise ValueError("must be a finite number")
    if value.is_zero():
        return 0
    if value < 0 or value > MAX_AMOUNT_MICROS // MICROS:
        raise ValueError("must be from 0 to 10,000,000")
    try:
        return int(value.scaleb(MAX_DECIMALS, _EXACT).to_integral_exact(context=_EXACT))
    except Inexact:
        raise ValueError("must have at most 6 decimals") from None


def format_money(micros: int) -> str:
    """Decimal text with 2 to 6 decimals and no zeros beyond two: `100000000` is `"100.00"`."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{units}.{decimals}"


def split_money(micros: int, people: int) -> tuple[int, int]:
    """Split an amount equally: the first person's share, which takes the rest, and each other's.

    `first + (people - 1) * other == micros`, always.
    """
    other = micros // people
    return micros - other * (people - 1), other
