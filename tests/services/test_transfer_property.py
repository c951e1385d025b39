"""Any sequence of transfers and undos between three licenses keeps the total of each item, and follows a plain model."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.refusals import Refusal
from extensions import db
from models import ItemTransfer, License, LicenseItem
from services.transfers import transfer_items, undo_transfer
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.services.money import CLERK

LICENSES, CODES = range(3), ("seats", "lines")
HOUR = dt.timedelta(hours=1)

moves = st.tuples(
    st.just("move"),
    st.sampled_from(LICENSES),
    st.sampled_from(LICENSES),
    st.dictionaries(st.sampled_from(CODES), st.integers(-1, 12)),
)
undos = st.tuples(st.just("undo"), st.integers(0, 5), st.sampled_from([0, 1, 30]), st.just({}))


class Town:
    """Three licenses of one account, and what a plain model says that they hold."""

    def __init__(self, codes):
        account = AccountFactory(transfers_allowed=True)
        self.products = codes
        self.licenses = [LicenseFactory(account=account).id for _ in LICENSES]
        for license_id, quantity in zip(self.licenses, (10, 4, 0), strict=True):
            for product in codes.values():
                LicenseItemFactory(license=db.session.get_one(License, license_id), product=product, quantity=quantity)
        db.session.commit()
        self.model = [Counter(dict.fromkeys(CODES, quantity)) for quantity in (10, 4, 0)]
        self.done = []

    def held(self):
        db.session.expire_all()
        found = []
        for license_id in self.licenses:
            rows = select(LicenseItem).where(LicenseItem.license_id == license_id)
            by_product = {row.product_id: row.quantity for row in db.session.scalars(rows)}
            found.append(Counter({code: by_product.get(row.id, 0) for code, row in self.products.items()}))
        return found

    def move(self, source, target, wanted, now):
        quantities = {self.products[code].code: number for code, number in wanted.items()}
        with unit_of_work():
            giver, taker = (db.session.get_one(License, self.licenses[each]) for each in (source, target))
            transfer = transfer_items(giver, taker, quantities, actor=CLERK, now=now)
            self.done.append((transfer.id, source, target, {code: n for code, n in wanted.items() if n}))
        for code, number in wanted.items():
            self.model[source][code] -= number
            self.model[target][code] += number

    def undo(self, place, now):
        transfer_id, source, target, moved = self.done[place % len(self.done)]
        with unit_of_work():
            undo_transfer(db.session.get_one(ItemTransfer, transfer_id), actor=CLERK, now=now)
        for code, number in moved.items():
            self.model[source][code] += number
            self.model[target][code] -= number


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(moves, undos), max_size=12))
def test_any_sequence_of_transfers_and_undos_keeps_the_totals(session, now, acts):
    town = Town({code: ProductFactory() for code in CODES})
    totals = sum(town.held(), Counter())
    for act, first, second, wanted in acts:
        try:
            if act == "move":
                town.move(first, second, wanted, now)
            elif town.done:
                town.undo(first, now + second * HOUR)
        except Refusal:
            db.session.rollback()
        held = town.held()
        assert held == town.model
        assert sum(held, Counter()) == totals
        assert min(min(each.values()) for each in held) >= 0
