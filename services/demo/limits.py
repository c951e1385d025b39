"""Credit of the demo: Borealis, prepaid, has a limit for some weeks; Acme, postpaid, is billed by the month."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.periods import month_of
from models.account import Account
from services.credit_limits import set_credit_limit
from services.credit_reservations import reserve_credit, return_reservation, spend_reservation
from services.demo.bills import simple_line
from services.demo.world import World
from services.unbilled import bill_unbilled

_DAYS_OF_USE: Final = (47, 40, 33, 12, 5, 0)
_LONG_HOLD: Final = dt.timedelta(days=2)


def put_limits(world: World) -> None:
    """Put limits, reservations, and what a postpaid account used, on the agenda."""
    acme, borealis = world.accounts["Acme Telecom"], world.accounts["Borealis Hosting"]
    ends = world.today + dt.timedelta(days=30)
    world.agenda.note(acme.created_at + dt.timedelta(days=30), _grant, world, acme, 500_000, None, "Pays well")
    world.agenda.note(world.ago(10, 11), _grant, world, acme, 750_000, ends, "Trade fair")
    world.agenda.note(world.ago(6, 11), _grant, world, borealis, 50_000, ends, "Until the transfer arrives")
    world.agenda.note(world.ago(1, 14), _call_off, world, borealis)
    world.agenda.note(world.ago(0, 6), _reserve, world, borealis)
    for days in _DAYS_OF_USE:
        world.agenda.note(world.ago(days, 7, 10), _use, world, acme, 3 + days % 4)
    first = month_of(world.today).first
    for month in (month_of(first - dt.timedelta(days=1)).first, first):
        world.agenda.note(min(world.now, world.morning(month, 0, 10)), _bill, world, acme, month)


def _grant(world: World, account: Account, amount: int, last_day: dt.date | None, reason: str, at: dt.datetime) -> None:
    staff = world.as_staff("finance")
    set_credit_limit(account, amount=amount, last_day=last_day, reason=reason, actor=staff, now=at)


def _use(world: World, account: Account, phones: int, at: dt.datetime) -> None:
    """Something is reserved, provided, and goes onto the next invoice."""
    line = simple_line(world, account, "desk-phone", 11_900, phones, at.date(), f"{phones} phones lent for a fair")
    key = f"lent-{at.date().isoformat()}"
    held = reserve_credit(
        account, amount=11_900 * phones * 2, purpose="Phones lent", key=key, actor=world.system, now=at
    )
    spend_reservation(held, [line], actor=world.system, now=at)


def _bill(world: World, account: Account, month: dt.date, at: dt.datetime) -> None:
    bill_unbilled(account, actor=world.system, now=at, before=month)


def _reserve(world: World, account: Account, at: dt.datetime) -> None:
    """Under way while the demo is looked at."""
    reserve_credit(account, amount=7_500, purpose="Numbers ordered from the carrier", key="numbers", actor=world.system,
                   now=at, hold=_LONG_HOLD)  # fmt: skip


def _call_off(world: World, account: Account, at: dt.datetime) -> None:
    held = reserve_credit(account, amount=4_900, purpose="Number moved from another carrier", key="move",
                          actor=world.system, now=at)  # fmt: skip
    return_reservation(held, actor=world.system, now=at)
