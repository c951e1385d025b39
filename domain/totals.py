"""The totals of a document from its lines: net, tax by rate, total, and each line's share of the tax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.tax import MILLION, TaxTreatment, tax_of


@dataclass(frozen=True, slots=True)
class LineAmount:
    """What a line brings to the totals. ``net`` may be negative: a discount."""

    net: int
    rate_ppm: int = 0
    treatment: TaxTreatment = TaxTreatment.TAXED


@dataclass(frozen=True, slots=True)
class RateTotal:
    """One row of the tax breakdown."""

    treatment: TaxTreatment
    rate_ppm: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class DocumentTotals:
    """``line_taxes`` stand in the order of the lines and add up to ``tax``; net and tax add up to ``total``."""

    net: int
    tax: int
    total: int
    by_rate: tuple[RateTotal, ...]
    line_taxes: tuple[int, ...]


def total_lines(lines: Sequence[LineAmount]) -> DocumentTotals:
    """Add up a document.

    Tax is taken and rounded once for each rate (and treatment) of the sum of its lines, so that the breakdown can be
    checked by hand; the lines then share it out by their exact tax.
    """
    groups: dict[tuple[TaxTreatment, int], list[int]] = {}
    for place, line in enumerate(lines):
        groups.setdefault((line.treatment, line.rate_ppm), []).append(place)
    line_taxes = [0] * len(lines)
    by_rate = []
    for (treatment, rate_ppm), places in sorted(groups.items(), key=lambda group: (-group[0][1], group[0][0])):
        nets = [lines[place].net for place in places]
        tax = tax_of(sum(nets), rate_ppm)
        by_rate.append(RateTotal(treatment, rate_ppm, sum(nets), tax))
        for place, part in zip(places, _share_tax(nets, rate_ppm, tax), strict=True):
            line_taxes[place] = part
    net = sum(line.net for line in lines)
    whole_tax = sum(row.tax for row in by_rate)
    return DocumentTotals(net, whole_tax, net + whole_tax, tuple(by_rate), tuple(line_taxes))


def line_net(unit_price: int, quantity: int) -> int:
    """Price times quantity: both whole, so nothing is rounded."""
    return unit_price * quantity


def _share_tax(nets: Sequence[int], rate_ppm: int, tax: int) -> list[int]:
    """Round each line's exact tax down, then raise those with the largest remainders until the sum is ``tax``."""
    parts = [net * rate_ppm // MILLION for net in nets]
    by_remainder = sorted(range(len(nets)), key=lambda place: -(nets[place] * rate_ppm % MILLION))
    for place in by_remainder[: tax - sum(parts)]:
        parts[place] += 1
    return parts
