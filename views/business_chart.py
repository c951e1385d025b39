"""The months of the business as a chart and as a table beside it: places and words, made ready for the template."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency

from domain.business_figures import Figures
from domain.money import exponent_of
from views.money import format_money

WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT: Final = 56  # room for the amounts
_BOTTOM: Final = 24  # room for the months
_TOP: Final = 10
_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of one series, in the units of the chart."""

    series: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class BusinessChart:
    """Bars for what was invoiced and received, a line for what is owed; ``rows`` are the same as (month, words)."""

    bars: Sequence[Bar]
    line: str
    amounts: Sequence[Mark]
    months: Sequence[Mark]
    rows: Sequence[tuple[str, str, str, str]]
    base: float
    left: float = _LEFT
    width: int = WIDTH
    height: int = HEIGHT


def business_chart(months: Sequence[str], figures: Figures, currency: str, locale: str) -> BusinessChart:
    """Draw one currency. A month in which more was taken back than invoiced stands at nought, the table has its sum."""
    highest = max(1, *figures.invoiced, *figures.received, *figures.owed)
    unit = 10 ** exponent_of(currency)
    step = _step(Decimal(highest) / unit)
    top = step * _LINES
    base, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    slot = (WIDTH - _LEFT) / len(months)
    bar = round(slot * 0.3, 1)

    def y_of(amount: int) -> float:
        return round(base - room * float(max(0, amount) / (top * unit)), 1)

    bars, points, marks = [], [], []
    for number, month in enumerate(months):
        middle = round(_LEFT + slot * (number + 0.5), 1)
        for series, values, x in (
            ("invoiced", figures.invoiced, middle - bar - 1),
            ("received", figures.received, middle + 1),
        ):
            y = y_of(values[number])
            bars.append(Bar(series, round(x, 1), y, bar, round(base - y, 1)))
        points.append(f"{middle},{y_of(figures.owed[number])}")
        marks.append(Mark(middle, format_date(_day(month), "LLL", locale=locale)))
    return BusinessChart(
        bars=bars,
        line=" ".join(points),
        amounts=[
            Mark(y_of(int(step * each * unit)), format_compact_currency(step * each, currency, locale=locale))
            for each in range(int(top / step) + 1)
        ],
        months=marks,
        rows=[
            (
                format_skeleton("yMMM", _day(month), locale=locale),
                format_money(figures.invoiced[number], currency, locale),
                format_money(figures.received[number], currency, locale),
                format_money(figures.owed[number], currency, locale),
            )
            for number, month in reversed(list(enumerate(months)))
        ],
        base=base,
    )


def _step(highest: Decimal) -> Decimal:
    """A round distance between the lines, so that about four of them reach the highest amount."""
    wanted = highest / _LINES
    power = Decimal(10) ** wanted.adjusted()
    return next(power * each for each in _STEPS if power * each >= wanted)


def _day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")
