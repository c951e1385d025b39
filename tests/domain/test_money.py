"""Money: strict reading, one rounding rule, and shares that lose nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currencies import EXPONENTS, UnknownCurrency, exponent_of
from domain.money import (
    LARGEST_AMOUNT,
    AmountNotReadable,
    AmountTooLarge,
    CurrenciesDiffer,
    Money,
    allocate,
    divide_rounded,
    minor_to_text,
    parse_minor,
)

amounts = st.integers(-LARGEST_AMOUNT, LARGEST_AMOUNT)
currencies = st.sampled_from(sorted(EXPONENTS))
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("ISK", 0), ("EUR", 2), ("USD", 2), ("BAM", 2), ("KWD", 3), ("CLF", 4)]
)
def test_a_currency_has_the_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent_of(currency) == digits


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "E\0R"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrency, match="three-letter code"):
        exponent_of(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "EUR", 1200),
        (" 0.01 ", "USD", 1),
        ("-3.10", "USD", -310),
        ("1250", "JPY", 1250),
        ("0.001", "KWD", 1),
        ("1.0001", "CLF", 10001),
    ],
)
def test_a_decimal_text_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "1.", ".5", "1,50", "1.000.00", "1 000", "1.505", "1.500", "1e3", "NaN", "inf", "+1", "0x10", "--1",
     "1\0", "١٢", "１２", "1.5€", "1\n"],
)  # fmt: skip
def test_anything_but_a_plain_amount_is_refused_and_says_what_to_enter(text: str) -> None:
    with pytest.raises(AmountNotReadable, match=r"Enter an amount in EUR like 12\.50"):
        parse_minor(text, "EUR")


def test_a_currency_without_cents_takes_none() -> None:
    with pytest.raises(AmountNotReadable, match=r"like 1250\."):
        parse_minor("12.0", "JPY")


@pytest.mark.parametrize("text", ["10000000000000.01", "9999999999999999", "-10000000000000.01"])
def test_an_amount_that_no_document_has_is_refused(text: str) -> None:
    with pytest.raises(AmountTooLarge):
        parse_minor(text, "EUR")


@given(amounts, currencies)
def test_what_is_written_is_read_back(amount: int, currency: str) -> None:
    assert parse_minor(minor_to_text(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (7, 3, 2), (8, 3, 3), (1, 2, 1), (-1, 2, -1), (0, 9, 0)],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert divide_rounded(numerator, denominator) == rounded


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_rounding_is_that_of_exact_arithmetic(numerator: int, denominator: int) -> None:
    rounded = divide_rounded(numerator, denominator)
    assert abs(Fraction(numerator, denominator) - rounded) <= Fraction(1, 2)
    assert divide_rounded(-numerator, denominator) == -rounded


@given(amounts, st.integers(0, 6))
def test_rounding_is_that_of_commercial_decimals(amount: int, places: int) -> None:
    exact = Decimal(amount).scaleb(-places)
    assert divide_rounded(amount, 10**places) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_rounded(1, 0)


@given(amounts, weights)
def test_an_allocation_loses_nothing_and_is_fair_to_a_unit(amount: int, shares: list[int]) -> None:
    parts = allocate(amount, shares)
    assert sum(parts) == amount
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part - Fraction(amount * weight, sum(shares))) < 1
        if weight == 0:
            assert part == 0


@given(amounts, weights)
def test_an_allocation_of_a_debt_mirrors_that_of_a_credit(amount: int, shares: list[int]) -> None:
    assert allocate(-amount, shares) == [-part for part in allocate(amount, shares)]


def test_units_left_over_go_to_the_largest_remainders_and_then_to_the_first() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 4]) == [1, 3, 6]
    assert allocate(5, [0, 1, 0]) == [0, 5, 0]


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [1, -1], [-1]])
def test_an_allocation_needs_somebody_to_go_to(shares: list[int]) -> None:
    with pytest.raises(ValueError, match=r"nothing to share|negative"):
        allocate(100, shares)


def test_money_adds_up_in_one_currency() -> None:
    parts = [Money.parse("1.50", "EUR"), Money.parse("2.25", "EUR")]
    assert Money.total(parts, "EUR") == Money(375, "EUR")
    assert parts[1] - parts[0] == Money(75, "EUR")
    assert parts[0] * 3 == Money(450, "EUR")
    assert -parts[0] < parts[0] <= parts[0]
    assert str(Money.parse("1.50", "EUR").share(1, 3)) == "0.50"
    assert [str(part) for part in Money(100, "EUR").allocate([2, 1])] == ["0.67", "0.33"]
    assert not Money(0, "EUR")


def test_two_currencies_never_meet_in_one_sum() -> None:
    with pytest.raises(CurrenciesDiffer):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(CurrenciesDiffer):
        Money.total([Money(1, "USD")], "EUR")
    with pytest.raises(CurrenciesDiffer):
        _ = Money(1, "EUR") < Money(1, "USD")


@pytest.mark.parametrize("amount", [1.0, True, "1", Decimal(1), None])
def test_an_amount_is_nothing_but_a_whole_number(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]
