"""Tax: which rule holds, and totals in which lines, rates and document agree."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tax import MILLION, Buyer, TaxRule, TaxRulesClash, TaxTreatment, choose_rule, decide_tax, tax_of
from domain.totals import LineAmount, line_net, total_lines

TODAY = dt.date(2026, 5, 15)
LONG_AGO = dt.date(2007, 1, 1)

GERMANY = TaxRule("DE", 190_000, LONG_AGO)
GERMAN_BOOKS = TaxRule("DE", 70_000, LONG_AGO, product_class="books")
TEXAS = TaxRule("US", 62_500, LONG_AGO, region="TX")
TEXAS_BOOKS = TaxRule("US", 0, LONG_AGO, region="TX", product_class="books")
US_BOOKS = TaxRule("US", 10_000, LONG_AGO, product_class="books")
RULES = [GERMANY, GERMAN_BOOKS, TEXAS, TEXAS_BOOKS, US_BOOKS]

rates = st.sampled_from([0, 70_000, 77_777, 190_000, 255_000, MILLION]) | st.integers(0, MILLION)
lines = st.lists(st.builds(LineAmount, st.integers(-(10**9), 10**9), rates, st.sampled_from(TaxTreatment)), max_size=15)


def rule_for(country: str, region: str = "", product_class: str = "", on: dt.date = TODAY) -> TaxRule | None:
    return choose_rule(RULES, country=country, region=region, product_class=product_class, on=on)


def decide(buyer: Buyer, seller_country: str = "DE", product_class: str = "") -> tuple[TaxTreatment, int]:
    decision = decide_tax(RULES, buyer, seller_country=seller_country, product_class=product_class, on=TODAY)
    return decision.treatment, decision.rate_ppm


def test_the_most_exact_rule_wins_and_region_counts_before_class() -> None:
    assert rule_for("DE") is GERMANY
    assert rule_for("DE", product_class="books") is GERMAN_BOOKS
    assert rule_for("DE", region="BY") is GERMANY
    assert rule_for("US", region="TX", product_class="books") is TEXAS_BOOKS
    assert rule_for("US", region="TX", product_class="software") is TEXAS
    assert rule_for("US", region="OR", product_class="books") is US_BOOKS
    assert rule_for("US", region="OR") is None


def test_a_rule_holds_from_its_first_day_up_to_the_day_it_ends() -> None:
    lowered = TaxRule("DE", 160_000, dt.date(2020, 7, 1), dt.date(2021, 1, 1))
    rates = {
        day: choose_rule([GERMANY, lowered], country="DE", region="", product_class="", on=dt.date.fromisoformat(day))
        for day in ("2020-06-30", "2020-07-01", "2020-12-31", "2021-01-01")
    }
    assert rates == {"2020-06-30": GERMANY, "2020-07-01": lowered, "2020-12-31": lowered, "2021-01-01": GERMANY}


def test_the_order_of_the_rules_does_not_matter() -> None:
    found = choose_rule(reversed(RULES), country="US", region="TX", product_class="books", on=TODAY)
    assert found is TEXAS_BOOKS


def test_two_rules_that_contradict_each_other_are_an_error() -> None:
    twin = TaxRule("DE", 200_000, LONG_AGO)
    with pytest.raises(TaxRulesClash, match="DE"):
        choose_rule([GERMANY, twin], country="DE", region="", product_class="", on=TODAY)


@pytest.mark.parametrize("rate", [-1, MILLION + 1])
def test_a_rate_lies_between_nothing_and_everything(rate: int) -> None:
    with pytest.raises(ValueError, match="100 percent"):
        TaxRule("DE", rate, LONG_AGO)


def test_a_rule_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="ends after"):
        TaxRule("DE", 0, LONG_AGO, LONG_AGO)


def test_a_buyer_at_home_pays_the_rate_also_with_a_vat_id() -> None:
    assert decide(Buyer("DE")) == (TaxTreatment.TAXED, 190_000)
    assert decide(Buyer("DE", vat_id="DE123456789")) == (TaxTreatment.TAXED, 190_000)


def test_a_company_in_another_eu_country_is_charged_in_reverse() -> None:
    assert decide(Buyer("DE", vat_id="DE123456789"), seller_country="AT") == (TaxTreatment.REVERSE_CHARGE, 0)
    assert decide(Buyer("DE"), seller_country="AT") == (TaxTreatment.TAXED, 190_000)


@pytest.mark.parametrize("seller_country", ["US", "GB", "CH", "BA"])
def test_reverse_charge_stays_inside_the_eu(seller_country: str) -> None:
    assert decide(Buyer("DE", vat_id="DE123456789"), seller_country) == (TaxTreatment.TAXED, 190_000)


def test_an_exempt_account_pays_no_tax_anywhere() -> None:
    assert decide(Buyer("DE", exempt=True)) == (TaxTreatment.EXEMPT, 0)


def test_a_country_without_a_rule_has_no_tax_and_says_so() -> None:
    assert decide(Buyer("JP")) == (TaxTreatment.OUTSIDE, 0)


def test_tax_is_rounded_half_away_from_zero() -> None:
    assert tax_of(50, 190_000) == 10  # 9.5
    assert tax_of(-50, 190_000) == -10
    assert tax_of(49, 190_000) == 9  # 9.31


def test_tax_is_rounded_once_for_each_rate_and_not_for_each_line() -> None:
    totals = total_lines([LineAmount(10, 190_000)] * 3)  # 1.9 each: three times 2 would be 6, the sum is 5.7
    assert (totals.net, totals.tax, totals.total) == (30, 6, 36)
    totals = total_lines([LineAmount(13, 190_000)] * 3)  # 2.47 each: three times 2 would be 6, the sum is 7.41
    assert (totals.tax, totals.line_taxes) == (7, (3, 2, 2))


def test_the_breakdown_has_one_row_for_each_rate_and_treatment() -> None:
    totals = total_lines(
        [
            LineAmount(1000, 190_000),
            LineAmount(500, 70_000),
            LineAmount(200, 0, TaxTreatment.REVERSE_CHARGE),
            LineAmount(300, 0, TaxTreatment.EXEMPT),
            LineAmount(1000, 190_000),
        ]
    )
    assert [(row.treatment.value, row.rate_ppm, row.net, row.tax) for row in totals.by_rate] == [
        ("taxed", 190_000, 2000, 380),
        ("taxed", 70_000, 500, 35),
        ("exempt", 0, 300, 0),
        ("reverse_charge", 0, 200, 0),
    ]
    assert totals.line_taxes == (190, 35, 0, 0, 190)


def test_a_document_without_lines_is_worth_nothing() -> None:
    assert total_lines([]).total == 0


def test_a_line_is_price_times_quantity() -> None:
    assert line_net(1999, 3) == 5997


@given(lines)
def test_lines_rates_and_document_agree(drawn: list[LineAmount]) -> None:
    totals = total_lines(drawn)
    assert totals.net == sum(line.net for line in drawn) == sum(row.net for row in totals.by_rate)
    assert totals.tax == sum(totals.line_taxes) == sum(row.tax for row in totals.by_rate)
    assert totals.total == totals.net + totals.tax


@given(lines)
def test_no_line_bears_more_than_a_unit_of_rounding(drawn: list[LineAmount]) -> None:
    for line, tax in zip(drawn, total_lines(drawn).line_taxes, strict=True):
        assert abs(tax - Fraction(line.net * line.rate_ppm, MILLION)) <= 1


@given(lines)
def test_a_credit_of_every_line_takes_back_exactly_the_document(drawn: list[LineAmount]) -> None:
    credited = total_lines([LineAmount(-line.net, line.rate_ppm, line.treatment) for line in drawn])
    totals = total_lines(drawn)
    assert (credited.net, credited.tax, credited.total) == (-totals.net, -totals.tax, -totals.total)
