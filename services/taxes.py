"""Tax of a buyer's lines: the rules in force by one query, and rules of one place and class that never overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.tax import EU_COUNTRIES, Buyer, TaxRulesClash, TaxTreatment, decide_tax
from domain.tax import TaxRule as Rate
from extensions import db
from models.account import Account
from models.tax import ProductClass, TaxRule
from services.locks import locked
from services.records import create_record, edit_record
from services.settings import text_setting
from services.vat import CountryUnknown, VatIdNotReadable, check_country, check_vat_id

_PREFIX_OF: Final = {"GR": "EL"}


class TaxRulesUnclear(Refusal):
    """Two rules are equally exact and say different rates."""


class TaxRuleOverlaps(Refusal):
    """The message names the rule that is in the way."""


class TaxRuleNotSensible(Refusal):
    message = "The first day without a tax rule lies after its first day. Check the two days."


@dataclass(frozen=True, slots=True)
class LineTax:
    """How a line is taxed, as its invoice keeps it. ``rule`` explains the rule in force; None without one."""

    treatment: TaxTreatment
    rate_ppm: int
    name: str = ""
    rule_id: int | None = None
    rule: Mapping[str, Any] | None = None

    @property
    def explanation(self) -> dict[str, Any]:
        """The part of a line's explanation that is about tax."""
        return {"tax": self.treatment.value} | ({"tax_rule": dict(self.rule)} if self.rule else {})


@dataclass(frozen=True, slots=True)
class TaxTable:
    """Everything that decides the tax of one buyer's lines; asking it needs no query."""

    buyer: Buyer
    seller_country: str
    rows: Mapping[Rate, TaxRule]

    def tax_of(self, product_class_id: int, on: dt.date) -> LineTax:
        """The tax of a product class on its tax point. Refused: TaxRulesUnclear."""
        product_class = str(product_class_id)
        try:
            decision = decide_tax(
                self.rows, self.buyer, seller_country=self.seller_country, product_class=product_class, on=on
            )
        except TaxRulesClash:
            raise TaxRulesUnclear(
                Sentence(
                    "Two tax rules for %(country)s hold on %(on)s and say different rates. End one of them under Tax"
                    " rules, then try again.",
                    country=self.buyer.country,
                    on=on,
                )
            ) from None
        if decision.rule is None:
            return LineTax(decision.treatment, decision.rate_ppm)
        row = self.rows[decision.rule]
        return LineTax(decision.treatment, decision.rate_ppm, row.name, row.id, _told(row))


def tax_table(account: Account, product_class_ids: Collection[int], days: Collection[dt.date]) -> TaxTable:
    """Load what decides an account's tax for these classes on these days: one query, however many lines there are."""
    return tax_tables([account], product_class_ids, days)[account.id]


def tax_tables(
    accounts: Collection[Account], product_class_ids: Collection[int], days: Collection[dt.date]
) -> dict[int, TaxTable]:
    """The same for many accounts, by their row number, still by one query."""
    buyers = {account.id: buyer_of(account) for account in accounts}
    taxed = [buyer for buyer in buyers.values() if not buyer.exempt]
    rows: Sequence[TaxRule] = ()
    if taxed and product_class_ids and days:
        rules = select(TaxRule).where(
            TaxRule.country.in_({buyer.country for buyer in taxed}),
            TaxRule.region.in_({"", *(buyer.region for buyer in taxed)}),
            TaxRule.product_class_id.in_(set(product_class_ids)),
            TaxRule.valid_from <= max(days),
            or_(TaxRule.valid_to.is_(None), TaxRule.valid_to > min(days)),
        )
        rows = db.session.scalars(rules.order_by(TaxRule.id)).all()
    by_country: dict[str, dict[Rate, TaxRule]] = {}
    for row in rows:
        by_country.setdefault(row.country, {})[_rate_of(row)] = row
    seller = text_setting("seller_country")
    return {key: TaxTable(buyer, seller, by_country.get(buyer.country, {})) for key, buyer in buyers.items()}


def buyer_of(account: Account) -> Buyer:
    """Where and what the buyer is for the tax: the billing country, else the account's."""
    country = account.billing_country or account.country
    region = account.billing_region if account.billing_country else account.region
    return Buyer(country, region or "", _vat_id_of(account, country), account.tax_exempt)


def create_tax_rule(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> TaxRule:
    """Add a rule. Refused: CountryUnknown, TaxRuleNotSensible, TaxRuleOverlaps."""
    if check_country(values["country"]) != values["country"]:
        raise CountryUnknown
    values = {**values, "region": (values.get("region") or "").strip()}
    product_class = locked(values["product_class"])
    _refuse_overlap(
        product_class, values["country"], values["region"], values["valid_from"], values.get("valid_to"), own_id=None
    )
    return create_record(TaxRule, values, actor=actor, now=now)


def edit_tax_rule(row: TaxRule, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> TaxRule:
    """Rename a rule or say when it ends; issued invoices keep what they were made with. Refused: as create_tax_rule."""
    product_class = locked(db.session.get_one(ProductClass, row.product_class_id))
    valid_to = changes.get("valid_to", row.valid_to)
    _refuse_overlap(product_class, row.country, row.region, row.valid_from, valid_to, own_id=row.id)
    return edit_record(row, changes, actor=actor, now=now)


def _refuse_overlap(
    product_class: ProductClass,
    country: str,
    region: str,
    first: dt.date,
    end: dt.date | None,
    *,
    own_id: int | None,
) -> None:
    """``product_class`` is locked, so that no other rule of it is written meanwhile."""
    if end is not None and end <= first:
        raise TaxRuleNotSensible
    others = select(TaxRule).where(
        TaxRule.product_class_id == product_class.id,
        TaxRule.country == country,
        TaxRule.region == region,
        or_(TaxRule.valid_to.is_(None), TaxRule.valid_to > first),
    )
    if end is not None:
        others = others.where(TaxRule.valid_from < end)
    if own_id is not None:
        others = others.where(TaxRule.id != own_id)
    other = db.session.scalars(others.order_by(TaxRule.valid_from).limit(1)).first()
    if other is not None:
        raise TaxRuleOverlaps(_overlap(other))


def _vat_id_of(account: Account, country: str) -> str:
    """The VAT ID when it is one of the buyer's country and its form is right; only then may the tax be reversed."""
    if not account.vat_id or country not in EU_COUNTRIES:
        return ""
    try:
        vat_id = check_vat_id(account.vat_id, country=country)
    except VatIdNotReadable:
        return ""
    return vat_id if vat_id.startswith(_PREFIX_OF.get(country, country)) else ""


def _rate_of(row: TaxRule) -> Rate:
    return Rate(row.country, row.rate, row.valid_from, row.valid_to, row.region, str(row.product_class_id))


def _told(row: TaxRule) -> dict[str, Any]:
    return {
        "name": row.name,
        "rate": row.rate,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "country": row.country,
        "region": row.region,
    }


def _overlap(other: TaxRule) -> Sentence:
    if other.valid_to is None:
        return Sentence(
            "“%(rule)s” holds for this place and product class from %(first)s. End one rule before the other begins.",
            rule=other.name,
            first=other.valid_from,
        )
    return Sentence(
        "“%(rule)s” holds for this place and product class from %(first)s until %(last)s."
        " End one rule before the other begins.",
        rule=other.name,
        first=other.valid_from,
        last=other.valid_to,
    )
