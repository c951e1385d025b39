"""The first days of a customer, told over HTTP with a moving clock: everybody at their own browser, nothing called behind it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Account, HardwareReset, Invoice, License, MemberStatus, NotificationDelivery, Person
from models.invoice import InvoiceStatus
from services.passwords import passwords
from services.unit_of_work import unit_of_work
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PersonFactory,
    StaffMemberFactory,
    StaffPersonFactory,
)
from tests.factories.services import LicenseFactory
from tests.factories.support import TicketFactory
from tests.services.money import assert_books_balance, draft, fund, issued
from tests.support.door import ANOTHER_PASSWORD, PASSWORD, check_own_data, sign_in_as
from tests.support.due_jobs import RESET_LINK, run_due_jobs
from tests.support.pages import filled, form_of, said_by
from tests.support.townspeople import DAY, HOUR, MINUTE, MORNING


@pytest.fixture(autouse=True)
def others(session, clock):
    """A provider that has customers already: nobody of the story may ever see them."""
    account = AccountFactory(client_id="90001", name="Somebody Else Ltd")
    LicenseFactory(account=account, code="LIC-ELSE", reference="Somebody Else's office")
    TicketFactory(account=account, subject="Somebody Else's trouble")
    issued(account, MORNING, net=987_654)
    db.session.commit()


def staff(email, role):
    person = StaffPersonFactory(email=email, password_hash=passwords.make(PASSWORD))
    return StaffMemberFactory(person=person, role=role)


def member(account, email, *roles, **person):
    """A member with a password and roles, whose identity the account manages."""
    made = PersonFactory(email=email, password_hash=passwords.make(PASSWORD), managed_by=account, **person)
    found = MemberFactory(account=account, person=made)
    for role in roles:
        MemberRoleGrantFactory(member=found, role=role)
    return found


def browser(app, email, password=PASSWORD):
    """Somebody's browser, signed in by the form."""
    client = app.test_client()
    answer = sign_in_as(client, email, password)
    assert answer.status_code == 303, said_by(answer)
    return client


def send(client, address, **fields):
    """Open a page, fill in its form, send it."""
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code)
    form = form_of(page)
    return client.post(form.action or address, data=filled(form, client, **fields))


def text_of(client, address):
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code)
    return page.get_data(as_text=True)


def newest_mail(address):
    """What the outbox holds for somebody: the mail that the demo shows and the server will send."""
    statement = select(NotificationDelivery).where(NotificationDelivery.address == address)
    mails = db.session.scalars(statement.order_by(NotificationDelivery.id.desc())).all()
    assert mails, f"no mail to {address}"
    return mails[0].text


def link_in(text, word):
    found = re.search(rf"/{word}/[\w-]+", text)
    assert found, text
    return found[0]


def table_of(answer):
    """The rows of a CSV, by heading."""
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


def test_a_clerk_opens_an_account_and_its_owner_comes_in_and_sees_only_their_own(app, session, clock):
    staff("clerk@provider.example", StaffRole.SALES)
    clerk = browser(app, "clerk@provider.example")
    assert "Accounts" in text_of(clerk, "/staff/")
    opened = send(
        clerk,
        "/staff/accounts/new",
        name="Fjord Telecom",
        country="NO",
        currency="NOK",
        owner_first_name="Ida",
        owner_last_name="Berg",
        owner_email="Ida@Fjord.example",
    )
    client_id = re.fullmatch(r"/staff/accounts/(\d+)", opened.location)[1]
    details = text_of(clerk, opened.location)
    assert "Fjord Telecom" in details
    assert clerk.get("/staff/members/").status_code == 403  # sales open accounts, and look at nobody's people
    assert clerk.get(f"/portal/{client_id}/").status_code == 404  # staff are no members

    clock.shift(3 * DAY)
    ida = app.test_client()
    invitation = link_in(newest_mail("ida@fjord.example"), "invitations")
    assert "Fjord Telecom" in text_of(ida, invitation)
    short = send(ida, invitation, new_password="short", repeated="short")
    assert short.status_code == 422
    assert said_by(short)
    assert send(ida, invitation, new_password=PASSWORD, repeated=PASSWORD).location == "/sign-in"
    assert ida.get(invitation).status_code == 404  # it worked once
    assert sign_in_as(ida, "ida@fjord.example").location == f"/portal/{client_id}/"
    check_own_data(ida)

    home = f"/portal/{client_id}"
    for page in ("/", "/licenses/", "/invoices/", "/tickets/", "/members/", "/audit/", "/statements/", "/payments/"):
        assert "Somebody Else" not in text_of(ida, f"{home}{page}")
    assert "ida@fjord.example" in text_of(ida, f"{home}/members/")
    assert ida.get("/portal/90001/").status_code == 404
    assert ida.get(f"{home}/licenses/LIC-ELSE").status_code == 404
    assert ida.get("/staff/").status_code == 404
    assert clerk.get("/staff/accounts/").status_code == 303  # idle for three days
    assert "Somebody Else" in text_of(browser(app, "clerk@provider.example"), "/staff/accounts/")


def test_an_owner_who_forgot_the_password_comes_back_by_the_link_in_the_mail(app, session, clock):
    account = AccountFactory(client_id="20001", name="Fjord Telecom")
    person = PersonFactory(email="ida@fjord.example", password_hash=passwords.make("long forgotten words"))
    OwnerFactory(account=account, person=person)
    ida = app.test_client()
    asked = send(ida, "/forgot-password", email="ida@fjord.example")
    assert asked.status_code in {200, 303}
    run_due_jobs(RESET_LINK)
    first = link_in(newest_mail("ida@fjord.example"), "reset-password")

    clock.shift(61 * MINUTE)
    assert ida.get(first).status_code == 404  # too late
    send(ida, "/forgot-password", email="ida@fjord.example")
    run_due_jobs(RESET_LINK)
    second = link_in(newest_mail("ida@fjord.example"), "reset-password")
    clock.shift(30 * MINUTE)
    assert send(ida, second, new_password=PASSWORD, repeated=PASSWORD).status_code == 303
    assert ida.get(second).status_code == 404  # it worked once
    assert sign_in_as(app.test_client(), "ida@fjord.example", "long forgotten words").status_code != 303
    assert "Fjord Telecom" in text_of(browser(app, "ida@fjord.example"), "/portal/20001/")


def test_a_member_who_is_locked_out_gets_a_password_that_works_once_and_for_an_hour(app, session, clock):
    account = AccountFactory(client_id="20001")
    OwnerFactory(
        account=account, person=PersonFactory(email="ida@fjord.example", password_hash=passwords.make(PASSWORD))
    )
    max_ = member(account, "max@fjord.example", MemberRole.LICENSES)
    key = max_.public_id
    ida, old = browser(app, "ida@fjord.example"), browser(app, "max@fjord.example")
    assert send(ida, f"/portal/20001/members/{key}/reset-password").status_code == 303
    assert old.get("/portal/20001/licenses/").status_code == 303  # signed out at once
    password = temporary_password("max@fjord.example")

    clock.shift(61 * MINUTE)
    assert sign_in_as(app.test_client(), "max@fjord.example", password).status_code != 303  # too late
    send(ida, "/prove", password=PASSWORD)  # an hour has passed since she showed who she is
    send(ida, f"/portal/20001/members/{key}/reset-password")
    password = temporary_password("max@fjord.example")
    clock.shift(20 * MINUTE)
    max_browser = app.test_client()
    assert sign_in_as(max_browser, "max@fjord.example", password).status_code == 303
    for page in ("/", "/licenses/"):
        assert max_browser.get(f"/portal/20001{page}").location == "/change-password"  # nowhere else before
    changed = send(
        max_browser,
        "/change-password",
        current_password=password,
        new_password=ANOTHER_PASSWORD,
        repeated=ANOTHER_PASSWORD,
    )
    assert changed.status_code == 303, said_by(changed)
    assert max_browser.get("/portal/20001/licenses/").status_code == 200
    assert sign_in_as(app.test_client(), "max@fjord.example", password).status_code != 303  # it worked once
    assert browser(app, "max@fjord.example", ANOTHER_PASSWORD).get("/portal/20001/licenses/").status_code == 200


def temporary_password(address):
    lines = newest_mail(address).splitlines()
    return next(line for line in lines if re.fullmatch(r"[^\s/]{10,}", line))


def test_a_bookkeeper_exports_the_filtered_invoices_and_the_sums_are_equal(app, session, clock):
    account = AccountFactory(client_id="20001", name="=Fjord Telecom", currency="USD")
    for number, net in enumerate((12_345, 100, 99_999, 5_000)):
        with unit_of_work():
            issued(account, MORNING - dt.timedelta(days=30 * number), net=net, tax_rate=190_000)
    draft(account, MORNING, net=777)
    fund(account, 14_691, MORNING)  # covers the oldest one and a part of the next
    member(account, "bo@fjord.example", MemberRole.BILLING, time_zone="Europe/Oslo")
    bo = browser(app, "bo@fjord.example")
    wanted = "status=unpaid&status=partially_paid&issued_on.from=2026-03-01&issued_on.to=2026-05-15"
    listed = text_of(bo, f"/portal/20001/invoices/?{wanted}")
    rows = table_of(bo.get(f"/portal/20001/invoices/export.csv?{wanted}"))
    stored = db.session.scalars(
        select(Invoice).where(
            Invoice.account_id == account.id,
            Invoice.status.in_((InvoiceStatus.UNPAID, InvoiceStatus.PARTIALLY_PAID)),
            Invoice.issued_on >= dt.date(2026, 3, 1),
        )
    ).all()
    assert len(stored) >= 2
    assert {row["Number"] for row in rows} == {invoice.number for invoice in stored}
    assert all(invoice.number in listed for invoice in stored)
    for heading, cents in (("Total", "total"), ("Amount due", "amount_due")):
        assert sum(Decimal(row[heading]) for row in rows) == Decimal(sum(getattr(i, cents) for i in stored)) / 100
    assert {row["Currency"] for row in rows} == {"USD"}
    whole = table_of(bo.get("/portal/20001/invoices/export.csv"))
    statement = table_of(bo.get("/portal/20001/statements/export.csv"))
    billed = sum(Decimal(row["Total"]) for row in whole if row["Status"] != "Draft")
    assert -sum(Decimal(row["Amount"]) for row in statement if row["Kind"] == "Invoice") == billed
    assert_books_balance()
    assert bo.get("/portal/20001/payments/").status_code == 403  # billing reads no payments
    staff("auditor@provider.example", StaffRole.AUDITOR)
    auditor = browser(app, "auditor@provider.example")
    assert "invoices" in text_of(auditor, "/staff/audit/?event=list.exported")


def test_a_technician_resets_a_license_at_night_until_no_resets_are_left(app, session, clock):
    clock.move_to(dt.datetime(2026, 5, 15, 22, 50, tzinfo=dt.UTC))  # 00:50 of the next day in Oslo
    account = AccountFactory(client_id="20001")
    license_id = LicenseFactory(account=account, code="LIC-NIGHT", resets_left=3).id
    member(account, "ole@fjord.example", MemberRole.LICENSES_EDIT, time_zone="Europe/Oslo", first_name="Ole")
    ole, page = browser(app, "ole@fjord.example"), "/portal/20001/licenses/LIC-NIGHT"
    for left in (2, 1, 0):
        assert send(ole, f"{page}/reset-mac-ip").location == page
        assert db.session.get(License, license_id, populate_existing=True).resets_left == left
        again = ole.get(f"{page}/reset-mac-ip")
        assert again.status_code == 409  # no device has come since
        clock.shift(40 * MINUTE)
        activate(license_id)
    refused = ole.get(f"{page}/reset-mac-ip")
    assert refused.status_code == 409
    assert said_by(refused) == ["No resets are left for this license. Ask support for more."]
    assert "/reset-mac-ip" not in text_of(ole, page)

    staff("agent@provider.example", StaffRole.SUPPORT_AGENT)
    agent = browser(app, "agent@provider.example")
    assert send(agent, "/staff/licenses/LIC-NIGHT/grant-resets", count="1").status_code == 303
    assert send(ole, f"{page}/reset-mac-ip").status_code == 303
    resets = db.session.scalars(select(HardwareReset).where(HardwareReset.license_id == license_id)).all()
    assert [reset.resets_left for reset in resets] == [2, 1, 0, 0]
    details = text_of(ole, page)
    assert "16 May 2026" in details.replace("May 16, 2026", "16 May 2026")  # their night, not that of the server
    assert "Ole" in details


def activate(license_id):
    """A device takes the license: the activation interface is not open yet."""
    license = db.session.get(License, license_id, populate_existing=True)
    license.mac_address, license.last_valid_ip = "00:1A:2B:3C:4D:5F", "198.51.100.7"
    db.session.commit()


def test_who_leaves_the_company_is_out_with_the_next_click_and_the_others_stay(app, session, clock):
    account = AccountFactory(client_id="20001")
    OwnerFactory(
        account=account, person=PersonFactory(email="ida@fjord.example", password_hash=passwords.make(PASSWORD))
    )
    gone = member(account, "per@fjord.example", MemberRole.TICKETS)
    member(account, "eva@fjord.example", MemberRole.TICKETS)
    ida, per, eva = (browser(app, f"{name}@fjord.example") for name in ("ida", "per", "eva"))
    assert per.get("/portal/20001/tickets/").status_code == 200
    assert send(ida, f"/portal/20001/members/{gone.public_id}/disable").status_code == 303
    assert per.get("/portal/20001/tickets/").status_code == 303
    assert sign_in_as(app.test_client(), "per@fjord.example").status_code != 303
    assert eva.get("/portal/20001/tickets/").status_code == 200
    clock.shift(11 * HOUR)
    assert eva.get("/portal/20001/tickets/").status_code == 200
    clock.shift(13 * HOUR)
    assert eva.get("/portal/20001/tickets/").status_code == 303  # idle for too long
    ida = browser(app, "ida@fjord.example")
    assert send(ida, f"/portal/20001/members/{gone.public_id}/enable").status_code == 303
    assert db.session.get(type(gone), gone.id, populate_existing=True).status is MemberStatus.ENABLED
    assert browser(app, "per@fjord.example").get("/portal/20001/tickets/").status_code == 200
    assert db.session.scalar(select(Person.email).where(Person.id == gone.person_id)) == "per@fjord.example"
    assert db.session.scalar(select(Account.name).where(Account.client_id == "90001")) == "Somebody Else Ltd"
