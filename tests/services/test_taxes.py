"""Tax of a buyer's lines: which rule, exemption, reverse charge, and rules that staff keep apart."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from domain.tax import TaxRule as Rate
from domain.tax import TaxTreatment
from extensions import db
from models import ProductClass
from services.settings import change_setting
from services.taxes import (
    TaxRuleNotSensible,
    TaxRuleOverlaps,
    TaxRulesUnclear,
    TaxTable,
    buyer_of,
    create_tax_rule,
    edit_tax_rule,
    tax_table,
)
from services.vat import CountryUnknown, VatIdNotReadable
from tests.factories.catalogue import ProductClassFactory, TaxRuleFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK

TODAY = dt.date(2026, 5, 15)
NEXT_YEAR = dt.date(2027, 1, 1)


@pytest.fixture
def software(session: Session) -> ProductClass:
    return ProductClassFactory()


def decided(account, product_class, on=TODAY):
    tax = tax_table(account, {product_class.id}, {on}).tax_of(product_class.id, on)
    return tax.treatment, tax.rate_ppm


def test_the_rule_of_the_billing_country_decides_and_stands_in_the_explanation(software) -> None:
    rule = TaxRuleFactory(product_class=software, valid_to=NEXT_YEAR)
    account = AccountFactory(country="US", billing_country="DE")
    tax = tax_table(account, {software.id}, {TODAY}).tax_of(software.id, TODAY)
    assert (tax.treatment, tax.rate_ppm, tax.name, tax.rule_id) == (TaxTreatment.TAXED, 190_000, rule.name, rule.id)
    assert tax.explanation == {
        "tax": "taxed",
        "tax_rule": {
            "name": "VAT 19 %",
            "rate": 190_000,
            "valid_from": "2021-01-01",
            "valid_to": "2027-01-01",
            "country": "DE",
            "region": "",
        },
    }


def test_a_rate_changes_on_its_day(software) -> None:
    TaxRuleFactory(product_class=software, valid_to=NEXT_YEAR)
    TaxRuleFactory(product_class=software, rate=200_000, valid_from=NEXT_YEAR)
    account = AccountFactory(country="DE")
    before = NEXT_YEAR - dt.timedelta(days=1)
    table = tax_table(account, {software.id}, {before, NEXT_YEAR})
    assert [table.tax_of(software.id, day).rate_ppm for day in (before, NEXT_YEAR)] == [190_000, 200_000]


def test_the_region_counts_only_where_the_country_is_its_own(software) -> None:
    TaxRuleFactory(product_class=software, country="US", region="TX", rate=62_500)
    assert decided(AccountFactory(country="US", region="TX"), software) == (TaxTreatment.TAXED, 62_500)
    elsewhere = AccountFactory(country="DE", region="TX", billing_country="US", billing_region=None)
    assert decided(elsewhere, software) == (TaxTreatment.OUTSIDE, 0)


def test_an_exempt_account_pays_no_tax(software) -> None:
    TaxRuleFactory(product_class=software)
    assert decided(AccountFactory(country="DE", tax_exempt=True), software) == (TaxTreatment.EXEMPT, 0)


@pytest.mark.parametrize(
    ("country", "vat_id", "treatment"),
    [
        ("FR", "FR40303265045", TaxTreatment.REVERSE_CHARGE),
        ("GR", "EL094259216", TaxTreatment.REVERSE_CHARGE),
        ("FR", "FR00000000000", TaxTreatment.TAXED),  # its check digits are wrong
        ("FR", "DE136695976", TaxTreatment.TAXED),  # right, but of another country
        ("FR", "", TaxTreatment.TAXED),
        ("DE", "DE136695976", TaxTreatment.TAXED),  # the seller's own country
        ("US", "FR40303265045", TaxTreatment.TAXED),
    ],
)
def test_only_a_right_vat_id_of_another_country_of_the_eu_reverses_the_charge(
    software, country, vat_id, treatment
) -> None:
    TaxRuleFactory(product_class=software, country=country)
    assert decided(AccountFactory(country=country, vat_id=vat_id), software)[0] is treatment


def test_the_sellers_country_is_a_setting(software, now: dt.datetime) -> None:
    TaxRuleFactory(product_class=software)
    account = AccountFactory(country="DE", vat_id="DE136695976")
    change_setting("seller_country", "at", actor=CLERK, now=now)
    assert decided(account, software)[0] is TaxTreatment.REVERSE_CHARGE
    with pytest.raises(CountryUnknown):
        change_setting("seller_country", "XX", actor=CLERK, now=now)
    with pytest.raises(VatIdNotReadable):
        change_setting("seller_vat_id", "ATU00000000", actor=CLERK, now=now)


def test_no_rule_is_outside(software) -> None:
    TaxRuleFactory(product_class=software, valid_to=TODAY)
    assert decided(AccountFactory(country="DE"), software) == (TaxTreatment.OUTSIDE, 0)


def test_two_equally_exact_rules_are_refused_in_words(software) -> None:
    account = AccountFactory(country="DE")
    row = TaxRuleFactory.build(product_class=software)
    first, second = (Rate("DE", rate, TODAY, product_class=str(software.id)) for rate in (190_000, 70_000))
    table = TaxTable(buyer_of(account), "DE", {first: row, second: row})
    with pytest.raises(TaxRulesUnclear, match="Two tax rules for DE"):
        table.tax_of(software.id, TODAY)


def test_a_whole_basket_asks_once(software) -> None:
    classes = [ProductClassFactory() for _ in range(20)]
    for each in classes:
        TaxRuleFactory(product_class=each)
    account = AccountFactory(country="DE")
    asked: list[str] = []

    def count(conn, cursor, statement, parameters, context, executemany) -> None:
        asked.append(statement)

    tax_table(account, {software.id}, {TODAY})  # the settings are read now
    event.listen(db.engine, "before_cursor_execute", count)
    try:
        table = tax_table(account, {each.id for each in classes}, {TODAY})
        assert all(table.tax_of(each.id, TODAY).rate_ppm == 190_000 for each in classes)
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(asked) == 1


def rule_values(product_class, **others):
    return {
        "name": "VAT",
        "country": "DE",
        "region": None,
        "product_class": product_class,
        "rate": 190_000,
        "valid_from": TODAY,
        "valid_to": None,
    } | others


def test_rules_of_one_place_and_class_never_overlap(software, now: dt.datetime) -> None:
    rule = create_tax_rule(rule_values(software, valid_to=NEXT_YEAR), actor=CLERK, now=now)
    for overlapping in (
        {"valid_from": TODAY - dt.timedelta(days=9)},
        {"valid_from": NEXT_YEAR - dt.timedelta(days=1)},
        {"valid_from": TODAY, "valid_to": TODAY + dt.timedelta(days=1)},
    ):
        with pytest.raises(TaxRuleOverlaps, match="from 2026-05-15 until 2027-01-01"):
            create_tax_rule(rule_values(software, **overlapping), actor=CLERK, now=now)
    create_tax_rule(rule_values(software, valid_from=NEXT_YEAR), actor=CLERK, now=now)
    create_tax_rule(rule_values(software, region="BY"), actor=CLERK, now=now)
    create_tax_rule(rule_values(ProductClassFactory()), actor=CLERK, now=now)
    with pytest.raises(TaxRuleOverlaps):
        edit_tax_rule(rule, {"valid_to": None}, actor=CLERK, now=now)
    assert edit_tax_rule(rule, {"valid_to": TODAY + dt.timedelta(days=1)}, actor=CLERK, now=now).version == 2


def test_a_rule_that_ends_before_it_begins_or_lies_nowhere_is_refused(software, now: dt.datetime) -> None:
    with pytest.raises(TaxRuleNotSensible):
        create_tax_rule(rule_values(software, valid_to=TODAY), actor=CLERK, now=now)
    with pytest.raises(CountryUnknown):
        create_tax_rule(rule_values(software, country="XX"), actor=CLERK, now=now)
