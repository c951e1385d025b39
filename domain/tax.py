"""Tax: which rule holds for a buyer, a product class and a day, and what it makes of a net amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.money import divide_rounded

MILLION: Final = 1_000_000

_EU: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES: Final = frozenset(_EU.split())


class TaxTreatment(StrEnum):
    """Why a line is taxed as it is. Kept on the line from the moment of issue."""

    TAXED = "taxed"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE = "outside"


class TaxRulesClash(ValueError):
    """Two rules say different rates for the same buyer, class and day, and neither is the more exact one."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A rate in parts per million (20 % is 200,000). An empty region or class means any.

    It holds from ``valid_from`` up to, not including, ``valid_to``; None means no end.
    """

    country: str
    rate_ppm: int
    valid_from: dt.date
    valid_to: dt.date | None = None
    region: str = ""
    product_class: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.rate_ppm <= MILLION:
            raise ValueError("a tax rate lies between 0 and 100 percent")
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("a tax rule ends after it begins")

    def covers(self, country: str, region: str, product_class: str, on: dt.date) -> bool:
        return (
            self.country == country
            and self.region in ("", region)
            and self.product_class in ("", product_class)
            and self.valid_from <= on
            and (self.valid_to is None or on < self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Buyer:
    """What decides a buyer's tax. ``vat_id`` is given only when its form was checked."""

    country: str
    region: str = ""
    vat_id: str = ""
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class TaxDecision:
    treatment: TaxTreatment
    rate_ppm: int
    rule: TaxRule | None = None


def choose_rule(
    rules: Iterable[TaxRule], *, country: str, region: str, product_class: str, on: dt.date
) -> TaxRule | None:
    """The most exact rule in force: region counts before class, class before none, then the latest beginning."""

    def exactness(rule: TaxRule) -> tuple[bool, bool, dt.date]:
        return rule.region != "", rule.product_class != "", rule.valid_from

    found = [rule for rule in rules if rule.covers(country, region, product_class, on)]
    if not found:
        return None
    best = max(found, key=exactness)
    if any(exactness(rule) == exactness(best) and rule.rate_ppm != best.rate_ppm for rule in found):
        raise TaxRulesClash(f"two tax rules for {country} hold on {on.isoformat()} and differ")
    return best


def decide_tax(
    rules: Iterable[TaxRule], buyer: Buyer, *, seller_country: str, product_class: str, on: dt.date
) -> TaxDecision:
    """Exemption first, then reverse charge between two EU countries with a VAT ID, then the rule; no rule is no tax."""
    if buyer.exempt:
        return TaxDecision(TaxTreatment.EXEMPT, 0)
    within_eu = seller_country in EU_COUNTRIES and buyer.country in EU_COUNTRIES
    if within_eu and buyer.country != seller_country and buyer.vat_id:
        return TaxDecision(TaxTreatment.REVERSE_CHARGE, 0)
    rule = choose_rule(rules, country=buyer.country, region=buyer.region, product_class=product_class, on=on)
    if rule is None:
        return TaxDecision(TaxTreatment.OUTSIDE, 0)
    return TaxDecision(TaxTreatment.TAXED, rule.rate_ppm, rule)


def tax_of(net: int, rate_ppm: int) -> int:
    """The tax on a net amount, rounded once. On a document it is taken of each rate's sum, not of each line."""
    return divide_rounded(net * rate_ppm, MILLION)
