"""A purchase is given back in full within 14 days."""

from __future__ import annotations

import datetime as dt

from domain.proration import refundable_in_full

BOUGHT = dt.date(2026, 5, 15)


def test_a_purchase_is_refundable_in_full_for_14_days_and_not_a_day_longer() -> None:
    days = {left: refundable_in_full(BOUGHT, BOUGHT + dt.timedelta(days=left)) for left in (-1, 0, 14, 15)}
    assert days == {-1: False, 0: True, 14: True, 15: False}
