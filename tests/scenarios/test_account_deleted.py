"""An account is deleted: first everything is cleared, then there is time to think again, then its people are gone (C9)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Account, AccountStatus, Invoice, Person
from tests.factories.people import AccountFactory, MemberFactory
from tests.factories.support import TicketFactory
from tests.services.money import assert_books_balance, fund, issued
from tests.support.somebody import Somebody
from tests.support.townspeople import DAY, MORNING, member_of, one_of_the_staff, owner_of


@pytest.mark.slow
def test_the_account_is_cleared_waits_comes_back_and_is_gone_in_the_end(app, session, clock, post):
    account = AccountFactory(client_id="20001", name="Fjord Telecom", contact_name="Ida Berg", billing_name="Fjord AS")
    owner_of(account, "ida@fjord.example", "Ida Berg")
    member_of(account, "max@fjord.example", "Max Lund", MemberRole.TICKETS)
    bo = member_of(account, "bo@books.example", "Bo Dahl", MemberRole.BILLING)
    MemberFactory(account=AccountFactory(client_id="20002", name="Glacier Travel"), person=bo.person)
    TicketFactory(account=account, number="T-7", subject="No dial tone")
    fund(account, 15_000, MORNING)
    invoice = issued(account, MORNING, net=15_000).number
    one_of_the_staff("ann@provider.example", "Ann Boss", StaffRole.ADMINISTRATOR)
    db.session.commit()

    # The checklist says what stands in the way, and offers no button.
    ann = Somebody(app, "ann@provider.example").signs_in()
    ann.goes("/staff/accounts/20001").clicks("Delete")
    for words in ("The balance is $150.00", "They owe $150.00", "1 not paid in full", "1 wait for an answer"):
        assert ann.sees(words), words
    assert not ann.sees_button("Delete")

    # One by one it is cleared: Ida pays from the balance, Ann solves the ticket.
    ida = Somebody(app, "ida@fjord.example").signs_in()
    ida.goes(f"/portal/20001/invoices/{invoice}").clicks("Pay from balance").presses("Pay from balance")
    assert ida.sees("The invoice is paid.")
    ann.goes("/staff/accounts/20001/deletion")
    for words in ("The house holds no money of theirs.", "They owe nothing.", "All are paid."):
        assert ann.sees(words), words
    assert not ann.sees_button("Delete")
    ann.clicks("Open tickets").clicks("T-7").clicks("Take").presses("Take").clicks("Solve").presses("Solve")
    ann.goes("/staff/accounts/20001/deletion")
    assert ann.sees("None are open.")
    assert ann.sees("3 can sign in now and will not any more.")

    # It takes the name of the account, typed. Then nobody comes in.
    assert ann.presses("Delete", reason="They close the house", typed_name="Fjord").complaints
    ann.presses("Delete", reason="They close the house", typed_name="Fjord Telecom")
    assert ann.sees("Suspended for deletion.")
    assert ida.goes("/portal/20001/").path == "/sign-in"
    assert ida.signs_in().complaints
    assert "June 14, 2026" in post.letter_to("ida@fjord.example", "will be deleted").subject

    # A week before, Ida is reminded; on day 29 she calls, and all is as it was.
    clock.shift(24 * DAY)
    post.clock_strikes()
    assert sum("will be deleted" in letter.subject for letter in post.letters_to("ida@fjord.example")) == 2
    clock.shift(5 * DAY)
    post.clock_strikes()
    ann.signs_in().goes("/staff/accounts/20001").clicks("Undo the deletion").presses("Undo the deletion")
    assert ann.sees("The deletion is undone.")
    assert ida.signs_in().opens(f"/portal/20001/invoices/{invoice}")
    assert ida.goes("/portal/20001/members/").sees("max@fjord.example")
    clock.shift(5 * DAY)
    post.clock_strikes()
    assert status_of("20001") is AccountStatus.ACTIVE

    # In the summer it is meant. Up to the last day everything could still be undone; the day after it is over.
    ann.signs_in().goes("/staff/accounts/20001").clicks("Delete")
    ann.presses("Delete", reason="Now they do", typed_name="Fjord Telecom")
    clock.shift(29 * DAY)
    post.clock_strikes()
    assert status_of("20001") is AccountStatus.SUSPENDED_FOR_DELETION
    clock.shift(DAY)
    post.clock_strikes()
    assert status_of("20001") is AccountStatus.DELETED

    # The names are gone wherever staff look, but Bo works elsewhere and stays who he is.
    ann.signs_in().goes("/staff/accounts/20001")
    for words in ("Ida", "Berg", "ida@fjord.example", "Max", "max@fjord.example"):
        assert not ann.sees(words), words
    for words in ("Ida", "Lund", "@fjord.example"):
        assert not ann.goes("/staff/members/").sees(words), words
        assert not ann.goes("/staff/notifications/").sees(words), words
    assert not db.session.scalars(select(Person).where(Person.email.like("%fjord.example"))).all()
    assert ida.signs_in().complaints
    assert Somebody(app, "bo@books.example").signs_in().path == "/portal/20002/"

    # The invoice stays as it was issued, to whom it was issued.
    kept = db.session.scalars(select(Invoice).where(Invoice.number == invoice)).one()
    assert (kept.total, kept.amount_due) == (15_000, 0)
    assert ann.goes(f"/staff/invoices/{invoice}").sees("150.00")
    assert_books_balance()


def status_of(client_id):
    return db.session.scalars(select(Account.status).where(Account.client_id == client_id)).one()
