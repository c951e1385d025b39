"""Opening, changing, suspending and reactivating accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.contact import EmailNotReadable, TimeZoneUnknown
from domain.currencies import UnknownCurrency
from extensions import db
from models import (
    Account,
    AccountAncestor,
    AccountStatus,
    LedgerAccount,
    Member,
    MemberStatus,
    PaymentMode,
    Person,
    PricingModel,
    SessionEnd,
    SignInSession,
    SuspensionCause,
)
from services.accounts import (
    AccountNotActive,
    AccountNotSuspended,
    CurrencyFixed,
    FieldNotEditable,
    NameNotReadable,
    PricingModelFixed,
    create_account,
    reactivate_account,
    suspend_account,
    update_account,
)
from services.audit import timeline_of
from services.people import EmailNotUsable
from services.resellers import ParentBelow
from services.vat import CountryUnknown, VatIdNotReadable
from tests.factories.people import AccountFactory, MemberFactory, SignInSessionFactory, StaffPersonFactory
from tests.services.money import CLERK, fund, funds, rows_of
from tests.support.parallel import at_once


def values(**others: Any) -> dict[str, Any]:
    return {
        "name": " Borealis Hosting ",
        "country": "de",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "pricing_model": PricingModel.APP,
        "payment_mode": PaymentMode.PREPAID,
        "vat_id": "DE 136 695 976",
        "owner_first_name": "Bo",
        "owner_last_name": "Real",
        "owner_email": "Owner@Borealis.example",
        **others,
    }


@pytest.fixture
def account(session: Session, now: dt.datetime) -> Account:
    return create_account(values(), actor=CLERK, now=now)


def test_a_new_account_has_client_id_cleaned_values_and_billing_defaults(account: Account) -> None:
    assert (account.client_id, account.name, account.country, account.vat_id) == (
        "10001",
        "Borealis Hosting",
        "DE",
        "DE136695976",
    )
    assert (account.billing_name, account.pricing_model) == ("Borealis Hosting", PricingModel.APP)
    assert timeline_of("account", "10001")[-1].event == "account.created"


def test_a_new_account_has_its_pots_and_stands_above_itself(account: Account) -> None:
    pots = db.session.scalars(select(LedgerAccount).where(LedgerAccount.account_id == account.id)).all()
    assert {(pot.kind.value, pot.currency, pot.balance) for pot in pots} == {
        ("funds", "EUR", 0),
        ("receivable", "EUR", 0),
    }
    assert ancestors(account) == {account.id: 0}


def test_the_owner_of_a_new_account_is_invited(account: Account) -> None:
    owner = db.session.scalars(select(Member)).one()
    assert (owner.is_owner, owner.is_first, owner.status) == (True, True, MemberStatus.INVITED)
    person = db.session.get_one(Person, owner.person_id)
    assert (person.email, person.managed_by_account_id) == ("owner@borealis.example", account.id)


def test_an_account_can_be_opened_without_an_owner(session: Session, now: dt.datetime) -> None:
    create_account({"name": "Imported", "country": "US", "currency": "USD"}, actor=CLERK, now=now)
    assert rows_of(Member) == 0


def test_a_client_id_that_is_taken_is_passed_over(session: Session, now: dt.datetime) -> None:
    AccountFactory(client_id="10001")
    assert create_account(values(), actor=CLERK, now=now).client_id == "10002"


def test_accounts_opened_at_once_have_different_client_ids(session: Session, now: dt.datetime) -> None:
    at_once(lambda place: create_account(values(owner_email=f"o{place}@b.example"), actor=CLERK, now=now).id)
    assert sorted(db.session.scalars(select(Account.client_id))) == [str(10001 + place) for place in range(16)]


@pytest.mark.parametrize(
    ("others", "refusal"),
    [
        ({"name": "B"}, NameNotReadable),
        ({"name": "B" * 256}, NameNotReadable),
        ({"name": None}, NameNotReadable),
        ({"country": "Germany"}, CountryUnknown),
        ({"country": "XX"}, CountryUnknown),
        ({"country": None}, CountryUnknown),
        ({"currency": "EURO"}, UnknownCurrency),
        ({"currency": None}, UnknownCurrency),
        ({"time_zone": "Berlin"}, TimeZoneUnknown),
        ({"vat_id": "DE136695977"}, VatIdNotReadable),
        ({"vat_id": "?"}, VatIdNotReadable),
        ({"billing_country": "ZZ"}, CountryUnknown),
        ({"billing_email": "nobody"}, EmailNotReadable),
        ({"owner_email": "nobody"}, EmailNotReadable),
        ({"status": AccountStatus.SUSPENDED}, FieldNotEditable),
    ],
)
def test_bad_values_are_refused(
    session: Session, now: dt.datetime, others: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        create_account(values(**others), actor=CLERK, now=now)


def test_an_owner_with_the_address_of_staff_is_refused(session: Session, now: dt.datetime) -> None:
    StaffPersonFactory(email="owner@borealis.example")
    with pytest.raises(EmailNotUsable):
        create_account(values(), actor=CLERK, now=now)


@pytest.mark.parametrize("written", ["ATU13585627", "EL094259216", "GB 980 7806 84", "12-3456789"])
def test_vat_ids_of_other_countries_are_read(session: Session, now: dt.datetime, written: str) -> None:
    assert create_account(values(country="US", vat_id=written), actor=CLERK, now=now).vat_id


def test_a_vat_id_without_its_country_is_read_as_one_of_the_accounts(session: Session, now: dt.datetime) -> None:
    assert create_account(values(vat_id="136695976"), actor=CLERK, now=now).vat_id == "136695976"
    with pytest.raises(VatIdNotReadable):
        create_account(values(vat_id="136695977"), actor=CLERK, now=now)


def ancestors(account: Account) -> dict[int, int]:
    rows = select(AccountAncestor.ancestor_id, AccountAncestor.depth).where(AccountAncestor.account_id == account.id)
    return dict(db.session.execute(rows).all())


def opened(name: str, now: dt.datetime, parent: Account | None = None) -> Account:
    return create_account({"name": name, "country": "US", "currency": "USD", "parent": parent}, actor=CLERK, now=now)


def test_an_account_stands_below_all_above_its_parent(session: Session, now: dt.datetime) -> None:
    top = opened("Top", now)
    middle = opened("Middle", now, top)
    bottom = opened("Bottom", now, middle)
    assert ancestors(bottom) == {bottom.id: 0, middle.id: 1, top.id: 2}
    assert bottom.parent_account_id == middle.id


def test_a_moved_account_takes_those_below_along(session: Session, now: dt.datetime) -> None:
    top, other = opened("Top", now), opened("Other", now)
    middle = opened("Middle", now, top)
    bottom = opened("Bottom", now, middle)
    update_account(middle, {"parent": other}, actor=CLERK, now=now)
    assert ancestors(bottom) == {bottom.id: 0, middle.id: 1, other.id: 2}
    assert timeline_of("account", middle.client_id)[0].after == {"parent": "Other"}
    update_account(middle, {"parent": None}, actor=CLERK, now=now)
    assert ancestors(bottom) == {bottom.id: 0, middle.id: 1}


def test_no_account_stands_below_itself_or_its_own_customers(session: Session, now: dt.datetime) -> None:
    top = opened("Top", now)
    bottom = opened("Bottom", now, opened("Middle", now, top))
    for parent in (top, bottom):
        with pytest.raises(ParentBelow):
            update_account(top, {"parent": parent}, actor=CLERK, now=now)
    assert ancestors(top) == {top.id: 0}


def test_two_moves_at_once_close_no_circle(session: Session, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.accounts.refuse_circle", lambda _account, _parent: None)  # it looks before the lock
    ids = [opened("One", now).id, opened("Two", now).id]

    def move(place: int) -> int:
        account, parent = (db.session.get_one(Account, each) for each in ids[:: 1 if place else -1])
        return update_account(account, {"parent": parent}, actor=CLERK, now=now).id

    at_once(move, times=2)
    parents = db.session.scalars(select(Account.parent_account_id).order_by(Account.id)).all()
    assert sorted(parents, key=str) in ([ids[0], None], [ids[1], None])


def test_an_account_is_changed_and_audited(account: Account, now: dt.datetime) -> None:
    update_account(account, {"name": "Borealis", "contact_email": "Office@Borealis.example"}, actor=CLERK, now=now)
    assert (account.name, account.contact_email, account.version) == ("Borealis", "office@borealis.example", 2)
    assert timeline_of("account", "10001")[0].before == {"name": "Borealis Hosting", "contact_email": None}


def test_an_emptied_billing_name_falls_back_to_the_name(account: Account, now: dt.datetime) -> None:
    assert update_account(account, {"billing_name": " "}, actor=CLERK, now=now).billing_name == "Borealis Hosting"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"pricing_model": PricingModel.LICENSE}, PricingModelFixed),
        ({"currency": "USD"}, CurrencyFixed),
        ({"client_id": "99999"}, FieldNotEditable),
        ({"status": AccountStatus.DELETED}, FieldNotEditable),
        ({"name": ""}, NameNotReadable),
        ({"country": ""}, CountryUnknown),
        ({"vat_id": "DE1"}, VatIdNotReadable),
    ],
)
def test_what_stays_stays(
    account: Account, now: dt.datetime, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        update_account(account, changes, actor=CLERK, now=now)


def test_the_same_pricing_model_may_be_saved_again(account: Account, now: dt.datetime) -> None:
    changes = {"pricing_model": PricingModel.APP, "currency": "EUR", "customer_ref": "B-7"}
    assert update_account(account, changes, actor=CLERK, now=now).customer_ref == "B-7"


def test_suspending_ends_the_sessions_of_people_without_another_seat(account: Account, now: dt.datetime) -> None:
    only, also_elsewhere = MemberFactory(account=account), MemberFactory(account=account)
    MemberFactory(person=also_elsewhere.person)
    for member in (only, also_elsewhere):
        SignInSessionFactory(person=member.person)
    fund(account, 500, now)
    suspend_account(account, actor=CLERK, now=now, reason="Unpaid")
    assert (account.status, account.suspended_at, account.suspension_cause) == (
        AccountStatus.SUSPENDED,
        now,
        SuspensionCause.STAFF,
    )
    db.session.expire_all()
    ended = {row.person_id: row.end_reason for row in db.session.scalars(select(SignInSession))}
    assert ended == {only.person_id: SessionEnd.ACCOUNT_SUSPENDED, also_elsewhere.person_id: None}
    assert funds(account) == 500
    assert timeline_of("account", "10001")[0].after["reason"] == "Unpaid"


def test_a_suspended_account_is_not_suspended_again(account: Account, now: dt.datetime) -> None:
    suspend_account(account, actor=CLERK, now=now)
    with pytest.raises(AccountNotActive):
        suspend_account(account, actor=CLERK, now=now)


def test_a_reactivated_account_is_as_before(account: Account, now: dt.datetime) -> None:
    suspend_account(account, actor=CLERK, now=now)
    reactivate_account(account, actor=CLERK, now=now)
    assert (account.status, account.suspended_at, account.suspension_cause) == (AccountStatus.ACTIVE, None, None)
    with pytest.raises(AccountNotSuspended):
        reactivate_account(account, actor=CLERK, now=now)
