"""Financing in the demo: three options, and what Acme and its neighbours asked for."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from extensions import db
from models.financing import FinancingOption
from services.demo.world import World
from services.financing import Wish, approve_financing, decline_financing, request_financing
from services.records import create_record

_OPTIONS: Final = (
    ("twelve-months", "12 equal payments", "For orders from 2,000. No interest; a fee of 2 % with the first payment."),
    ("lease-36", "Lease over 36 months", "For phones and servers from 5,000. You may keep them for one more payment."),
    ("pay-in-90", "Pay in 90 days", "For orders up to 25,000, if your invoices of the last year were paid on time."),
)
_YES: Final = "We are glad to. The agreement is on its way to you by post."
_NO: Final = "Not this time: two invoices of the last year were paid late. Ask again in six months."


def make_financing(world: World) -> None:
    """The three options, in their order."""
    for position, (code, name, description) in enumerate(_OPTIONS):
        values = {"code": code, "name": name, "description": description, "position": position}
        create_record(FinancingOption, values, actor=world.as_staff("admin"), now=world.beginning)


def put_financing(world: World) -> None:
    """Put one request that is approved, one declined and one that waits on the agenda."""
    world.agenda.note(world.ago(140, 10), _ask, world, "Acme Telecom", 1, 1_800_000, _YES)
    world.agenda.note(world.ago(75, 14), _ask, world, "Alder & Sons Logistics", 2, 640_000, _NO)
    world.agenda.note(world.ago(2, 16), _ask, world, "Acme Telecom", 0, 420_000, "")


def _ask(world: World, name: str, place: int, amount: int, answer: str, at: dt.datetime) -> None:
    account = world.accounts[name]
    wish = Wish(amount, account.contact_name or name, world.email_of_owner(account), note="New phones for the office.")
    option = db.session.scalars(select(FinancingOption).where(FinancingOption.code == _OPTIONS[place][0])).one()
    request = request_financing(account, option, wish, actor=world.as_owner(account), now=at)
    if answer:
        decide = approve_financing if answer == _YES else decline_financing
        decide(request, answer=answer, actor=world.as_staff("sales"), now=at + dt.timedelta(days=2))
