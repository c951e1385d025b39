"""Sales opens an organisation, its owner comes in by the mail and sets up a team that may just what it should (B, C2)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Account, Member, Person
from tests.factories.support import TicketTypeFactory
from tests.services.money import assert_books_balance, fund, funds, issued
from tests.support.door import PASSWORD
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import DAY, HOUR, MORNING, one_of_the_staff

TEAM = {"max@fjord.example": ("Max", "Lund"), "eva@fjord.example": ("Eva", "Moe"), "lea@fjord.example": ("Lea", "Krog")}


@pytest.mark.slow
def test_the_owner_builds_a_team_and_lets_one_of_them_pay(app, session, clock, post):
    one_of_the_staff("sue@provider.example", "Sue Sale", StaffRole.SALES)
    db.session.commit()

    # Sue opens the organisation, with its first user.
    sue = Somebody(app, "sue@provider.example").signs_in()
    sue.goes("/staff/accounts/").clicks("Add account")
    assert sue.presses("Save", name="F", owner_email="ida@fjord.example, max@fjord.example").complaints
    sue.presses(
        "Save",
        name="Fjord Telecom",
        country="US",
        currency="USD",
        owner_first_name="Ida",
        owner_last_name="Berg",
        owner_email="Ida@Fjord.example",
    )
    assert sue.sees("Fjord Telecom"), sue
    client_id = re.fullmatch(r"/staff/accounts/(\d+)", sue.path)[1]
    home = f"/portal/{client_id}"
    assert sue.goes(f"{home}/").status == 404  # selling is not looking

    # Ida takes her seat by the mail, and invites her team.
    clock.shift(DAY)
    ida = Somebody(app, "ida@fjord.example")
    ida.takes_seat(link_in(post.letter_to("ida@fjord.example", "Fjord Telecom invites you"), "/invitations/"))
    assert ida.path == f"{home}/"
    for email, (first, last) in TEAM.items():
        ida.goes(f"{home}/members/new").presses(
            "Save", **{"person.first_name": first, "person.last_name": last, "person.email": email}
        )
        assert ida.sees(last)
    team = {}
    for email in TEAM:
        team[email] = Somebody(app, email, PASSWORD)
        team[email].takes_seat(link_in(post.letter_to(email, "invites you"), "/invitations/"))
        assert team[email].goes(f"{home}/invoices/").status == 403

    # Many permissions at once: she ticks two of them, and two roles.
    ida.goes(f"{home}/members/")
    chosen = [key_of(email) for email in ("max@fjord.example", "eva@fjord.example")]
    ida.presses("Give roles", id=chosen)
    assert [ida.sees(email) for email in TEAM] == [True, True, False]
    assert ida.presses("Give roles").complaints == ["Choose at least one role."]
    ida.presses("Give roles", role=[MemberRole.PAYMENTS, MemberRole.TICKETS])
    max_, eva, lea = team.values()
    for person in (max_, eva):
        assert person.opens(f"{home}/invoices/")
        assert person.opens(f"{home}/tickets/")
        assert person.goes(f"{home}/licenses/").status == 403
    assert lea.goes(f"{home}/tickets/").status == 403

    # What would Lea see who writes tickets? Ida looks, and can change nothing while she does.
    ida.goes(f"{home}/members/{key_of('lea@fjord.example')}").clicks("Preview as this member")
    ida.presses("Preview as this member", role=[MemberRole.TICKETS])
    assert ida.path == f"{home}/"
    assert ida.sees("Preview as Lea Krog")
    for page in ("invoices/", "members/", "members/new"):
        assert ida.goes(f"{home}/{page}").status == 403, page
    TicketTypeFactory(name="General")
    ida.goes(f"{home}/tickets/").clicks("Add ticket").presses("Continue")
    ida.presses("Save", subject="Am I allowed?", description="I wonder.")
    assert ida.status == 409
    assert ida.sees("Nothing can be changed in a preview")
    ida.presses("End preview")
    assert ida.sees("You are yourself again.")
    assert ida.opens(f"{home}/members/")
    assert not ida.goes(f"{home}/tickets/").sees("Am I allowed?")
    assert lea.goes(f"{home}/tickets/").status == 403  # nothing was given by looking

    # Max may pay up to 50.00 alone. The invoice of this month is higher.
    ida.goes(f"{home}/members/{key_of('max@fjord.example')}").clicks("Edit").presses("Save", pay_limit="50.00")
    account = db.session.scalars(select(Account).where(Account.client_id == client_id)).one()
    fund(account, 50_000, MORNING)
    invoice = f"{home}/invoices/{issued(account, MORNING, net=12_000).number}"
    db.session.commit()
    clock.shift(HOUR)
    max_.goes(invoice).clicks("Pay from balance").presses("Pay from balance")
    if max_.path == "/prove":
        max_.proves().presses("Pay from balance")
    assert "You may pay up to" in max_.complaints[0]
    assert funds(account) == 50_000
    max_.clicks("Ask the owner").presses("Ask the owner", note="The new phones")
    assert max_.sees("The owner is asked.")

    # Ida answers from the mail; she was away for an hour and proves who she is.
    letter = post.letter_to("ida@fjord.example", "Max Lund asks to pay")
    assert "The new phones" in letter.text
    ida.goes(link_in(letter, "/pay-approvals/"))
    assert ida.clicks("Approve").path == "/prove"
    ida.proves().presses("Approve")
    assert ida.sees("The payment is approved.")

    # Eva, who has no limit, and Max, who has the approval: he pays by the link in his mail, from the balance, once.
    max_.goes(link_in(post.letter_to("max@fjord.example", "You may pay invoice"), "/invoices/"))
    max_.clicks("Pay from balance").presses("Pay from balance")
    if max_.path == "/prove":
        max_.proves().presses("Pay from balance")
    assert max_.sees("The invoice is paid.")
    assert not max_.sees_link("Pay from balance")
    assert funds(account) == 38_000
    assert_books_balance()
    assert lea.goes(invoice).status == 403


def key_of(email):
    """The piece of the address by which a member's page is found."""
    return db.session.scalars(select(Member.public_id).join(Person).where(Person.email == email)).one()
