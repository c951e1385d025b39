"""Staff write tax rules over HTTP: a rule, its end, and what would make the rate a guess."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models import TaxRule
from tests.factories.catalogue import ProductClassFactory, TaxRuleFactory
from tests.support.desk import staff_desk
from tests.support.pages import said_by

RULE = {
    "name": "VAT 19 %",
    "country": "DE",
    "region": "",
    "product_class": "services",
    "rate": "19",
    "valid_from": "2026-01-01",
    "valid_to": "2027-01-01",
}


@pytest.fixture
def desk(app, session):
    ProductClassFactory(code="services", name="Services")
    return staff_desk(app)


def rules():
    db.session.rollback()
    return db.session.scalars(select(TaxRule).order_by(TaxRule.valid_from)).all()


def test_a_rule_is_written_ended_and_followed_by_the_next(desk):
    assert desk.confirm("/tax-rules/new", **RULE).status_code == 303
    (rule,) = rules()
    assert (rule.rate, rule.region, rule.valid_to) == (190_000, "", dt.date(2027, 1, 1))
    ended = desk.confirm(f"/tax-rules/{rule.public_id}/edit", name="VAT 19 %", valid_to="2026-07-01")
    assert ended.status_code == 303
    assert desk.confirm("/tax-rules/new", **{**RULE, "rate": "16", "valid_from": "2026-07-01"}).status_code == 303
    assert [each.rate for each in rules()] == [190_000, 160_000]


@pytest.mark.parametrize(
    "values",
    [
        {"valid_from": "2026-12-31", "valid_to": ""},
        {"valid_from": "2025-01-01", "valid_to": ""},
        {"valid_from": "2028-01-01", "valid_to": "2028-01-01"},
        {"valid_from": "2029-01-01", "valid_to": "2028-01-01"},
        {"country": "XX"},
        {"country": ""},
        {"rate": "101"},
        {"rate": "-1"},
        {"rate": "NaN"},
        {"product_class": "none"},
        {"valid_from": "soon"},
    ],
)
def test_a_rule_that_overlaps_or_makes_no_sense_is_refused_and_what_was_typed_stays(desk, values):
    assert desk.confirm("/tax-rules/new", **RULE).status_code == 303
    answer = desk.confirm("/tax-rules/new", **{**RULE, "name": "Another name", **values})
    assert answer.status_code in (409, 422)
    assert said_by(answer)
    assert "Another name" in answer.get_data(as_text=True)
    assert len(rules()) == 1


def test_an_end_that_reaches_into_the_next_rule_is_refused(desk):
    product_class = ProductClassFactory()
    rule = TaxRuleFactory(product_class=product_class, valid_to=dt.date(2026, 1, 1))
    TaxRuleFactory(product_class=product_class, valid_from=dt.date(2026, 1, 1), rate=1)
    answer = desk.confirm(f"/tax-rules/{rule.public_id}/edit", name="VAT", valid_to="2026-01-02")
    assert answer.status_code in (409, 422)
    assert "End one rule before the other begins." in answer.get_data(as_text=True)
