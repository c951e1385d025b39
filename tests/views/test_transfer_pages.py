"""Transferring items between licenses in four steps, over HTTP (SPEC E4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import ItemTransfer, LicenseItem, LicenseStatus
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, forms_of, said_by

PATH = "/transfers/confirm?source=LIC-A&target=LIC-B"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", transfers_allowed=True)


@pytest.fixture
def items(account):
    """Ten of one item and five of another on the first license, two of the first on the second one."""
    first, second = (LicenseFactory(account=account, code=code) for code in ("LIC-A", "LIC-B"))
    phones, lines = ProductFactory(code="phones", name="Phones"), ProductFactory(code="lines", name="Lines")
    LicenseItemFactory(license=first, product=phones, quantity=10)
    LicenseItemFactory(license=first, product=lines, quantity=5)
    LicenseItemFactory(license=second, product=phones, quantity=2)
    return {"LIC-A": first.id, "LIC-B": second.id, "phones": phones.id, "lines": lines.id}


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


def held(items):
    """License code and product code -> quantity, as the database has it now."""
    db.session.rollback()
    names = {row_id: name for name, row_id in items.items() if name.startswith("LIC")}
    products = {items[name]: name for name in ("phones", "lines")}
    rows = db.session.scalars(select(LicenseItem).where(LicenseItem.license_id.in_(names)))
    return {(names[row.license_id], products[row.product_id]): row.quantity for row in rows if row.quantity}


BEFORE = {("LIC-A", "phones"): 10, ("LIC-A", "lines"): 5, ("LIC-B", "phones"): 2}


def transfers():
    return db.session.scalars(select(ItemTransfer)).all()


def test_items_move_in_four_steps_without_script(owner, items):
    first = owner.get("/transfers/")
    assert "LIC-A" in first.get_data(as_text=True)
    second = owner.get("/transfers/?source=LIC-A").get_data(as_text=True)
    assert 'value="LIC-B"' in second
    chosen = owner.get("/transfers/?source=LIC-A&target=LIC-B")
    assert chosen.status_code == 303
    third = owner.client.get(chosen.location)
    amounts = next(form for form in forms_of(third) if form.action.endswith("/transfers/confirm"))
    assert amounts.values == {"source": "LIC-A", "target": "LIC-B", "items-phones": "0", "items-lines": "0"}
    preview = owner.get(f"{PATH}&items-phones=4&items-lines=0")
    assert preview.status_code == 200
    assert held(items) == BEFORE
    form = form_of(preview)
    answer = owner.client.post(form.action, data=form.values)
    assert "The items are transferred" in owner.flashed(answer)
    assert held(items) == {("LIC-A", "phones"): 6, ("LIC-A", "lines"): 5, ("LIC-B", "phones"): 6}
    assert len(transfers()) == 1
    assert "Received items from another license" in owner.get("/licenses/LIC-B").get_data(as_text=True)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("items-phones=11", "This license holds 10"),
        ("items-phones=0", "Nothing was chosen"),
        ("", "Nothing was chosen"),
        ("items-phones=-1", "Enter whole numbers"),
        ("items-phones=1.5", "Enter whole numbers"),
        ("items-phones=three", "Enter whole numbers"),
        ("items-phones=%00", "Enter whole numbers"),
        ("items-phones=%D9%A3", "Enter whole numbers"),
        (f"items-phones={'9' * 40}", "Enter whole numbers"),
        ("items-unknown=1", ""),
        ("items-=1", ""),
    ],
)
def test_quantities_that_cannot_be_are_refused_and_kept_to_be_corrected(owner, items, typed, words):
    separator = "&" if typed else ""
    shown = owner.get(f"{PATH}{separator}{typed}")
    sent = owner.post(f"{PATH}{separator}{typed}")
    for answer in (shown, sent):
        assert answer.status_code == 422
        assert words in " ".join(said_by(answer))
        assert said_by(answer)
    if typed.startswith("items-phones=1"):
        amounts = next(form for form in forms_of(sent) if form.action.endswith("/transfers/confirm"))
        assert amounts.values["items-phones"] == typed.partition("=")[2]
    assert held(items) == BEFORE
    assert transfers() == []


@pytest.mark.parametrize(
    "query",
    [
        "source=LIC-A&target=FOREIGN", "source=FOREIGN&target=LIC-B", "source=FOREIGN&target=FOREIGN2", "source=LIC-A",
        "target=LIC-B", "", "source=nothing&target=LIC-B", "source=%00&target=LIC-B", "source=LIC-A&target=SLEEPING",
    ],
)  # fmt: skip
def test_licenses_that_are_not_among_ones_active_ones_are_not_found(owner, items, account, query):
    for code in ("FOREIGN", "FOREIGN2"):
        foreign = LicenseFactory(code=code, account=AccountFactory(transfers_allowed=True))
        LicenseItemFactory(license=foreign, quantity=5)
    LicenseFactory(code="SLEEPING", account=account, status=LicenseStatus.SUSPENDED)
    for page in ("amounts", "confirm"):
        assert owner.get(f"/transfers/{page}?{query}&items-phones=1").status_code == 404
    assert owner.post(f"/transfers/confirm?{query}&items-phones=1").status_code == 404
    assert "FOREIGN" not in owner.get("/transfers/").get_data(as_text=True)
    assert held(items) == BEFORE


def test_a_license_is_not_given_its_own_items(owner, items):
    answer = owner.post("/transfers/confirm?source=LIC-A&target=LIC-A&items-phones=1")
    assert answer.status_code == 422
    assert "Choose two different licenses" in said_by(answer)[0]
    assert held(items) == BEFORE


def test_without_the_privilege_nothing_is_offered_and_nothing_moves(app, owner, items, account):
    account.transfers_allowed = False
    for answer in (owner.get("/transfers/"), owner.get(f"{PATH}&items-phones=1"), owner.post(f"{PATH}&items-phones=1")):
        assert answer.status_code == 409
        assert "Ask support to switch this on" in answer.get_data(as_text=True)
    assert "LIC-A" not in owner.get("/transfers/").get_data(as_text=True)
    assert held(items) == BEFORE


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_a_member_needs_the_right_to_transfer(app, account, items, role):
    assert P.TRANSFERS_MAKE not in MEMBER_GRANTS[role]
    desk = member_desk(app, account, role)
    for path in ("/transfers/", "/transfers/amounts?source=LIC-A&target=LIC-B", f"{PATH}&items-phones=1"):
        assert desk.get(path).status_code == 403
    assert desk.post(f"{PATH}&items-phones=1").status_code == 403
    assert held(items) == BEFORE


@pytest.mark.parametrize("role", [StaffRole.BILLING, StaffRole.SALES, StaffRole.SUPPORT_AGENT, StaffRole.AUDITOR])
def test_staff_without_the_right_do_not_transfer(app, account, items, role):
    desk = staff_desk(app, role)
    assert desk.get("/transfers/").status_code == 403
    assert desk.post(f"{PATH}&account=10001&items-phones=1").status_code == 403
    assert held(items) == BEFORE


def test_the_last_step_twice_moves_no_more_than_is_there(owner, items):
    first, second = (owner.post(f"{PATH}&items-phones=6") for _time in range(2))
    assert (first.status_code, second.status_code) == (303, 422)
    assert held(items)[("LIC-B", "phones")] == 8
    assert sum(quantity for (_license, product), quantity in held(items).items() if product == "phones") == 12
