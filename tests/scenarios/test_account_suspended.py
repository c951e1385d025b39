"""An account is suspended while its people work in it, and comes back as it was (SPEC C3)."""

from __future__ import annotations

from domain.permissions import MemberRole, StaffRole
from extensions import db
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory
from tests.services.money import assert_books_balance, fund, funds
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import MINUTE, MORNING, member_of, one_of_the_staff, owner_of


def test_everybody_is_out_with_the_next_click_and_in_again_when_it_is_over(app, session, clock, post):
    fjord = AccountFactory(client_id="20001", name="Fjord Telecom")
    glacier = AccountFactory(client_id="20002", name="Glacier Travel")
    owner_of(fjord, "ida@fjord.example", "Ida Berg")
    member_of(fjord, "max@fjord.example", "Max Lund", MemberRole.TICKETS)
    member_of(fjord, "eva@fjord.example", "Eva Moe", MemberRole.LICENSES)
    bo = member_of(fjord, "bo@books.example", "Bo Dahl", MemberRole.BILLING)
    MemberRoleGrantFactory(member=MemberFactory(account=glacier, person=bo.person), role=MemberRole.BILLING)
    one_of_the_staff("ann@provider.example", "Ann Boss", StaffRole.ADMINISTRATOR)
    fund(fjord, 50_000, MORNING)
    db.session.commit()

    # Four people at work, each with a page open. Ida has invited Per, and Eva has asked for a reset link.
    ida, max_, eva, accountant = (
        Somebody(app, email).signs_in()
        for email in ("ida@fjord.example", "max@fjord.example", "eva@fjord.example", "bo@books.example")
    )
    assert ida.goes("/portal/20001/").sees("500.00")
    assert max_.opens("/portal/20001/tickets/")
    assert eva.opens("/portal/20001/licenses/")
    assert accountant.opens("/portal/20001/invoices/")
    ida.goes("/portal/20001/members/new")
    ida.presses(
        "Save",
        **{"person.first_name": "Per", "person.last_name": "Vik", "person.email": "per@fjord.example"},
    )
    assert ida.sees("Per"), ida
    invitation = link_in(post.letter_to("per@fjord.example"), "/invitations/")
    Somebody(app).goes("/forgot-password").presses("Send the link", email="eva@fjord.example")
    clock.shift(MINUTE)
    reset_link = link_in(post.letter_to("eva@fjord.example"), "/reset-password/")
    assert Somebody(app).opens(invitation)
    assert Somebody(app).opens(reset_link)

    # Staff suspend the account.
    clock.shift(4 * MINUTE)
    ann = Somebody(app, "ann@provider.example").signs_in()
    ann.goes("/staff/accounts/20001").clicks("Suspend").presses("Suspend", reason="The bills of spring are open")
    assert ann.sees("The account is suspended.")

    # The next click of everybody leads to the door, and the door stays shut.
    assert ida.goes("/portal/20001/members/").path == "/sign-in"
    assert max_.goes("/portal/20001/tickets/").path == "/sign-in"
    assert eva.goes("/portal/20001/licenses/").path == "/sign-in"
    for person in (ida, max_, eva):
        assert person.signs_in().path == "/sign-in"
        assert person.complaints
    # Bo works on in the other account, and sees nothing of this one.
    assert accountant.goes("/portal/20001/invoices/").status == 404
    assert accountant.opens("/portal/20002/invoices/")
    assert accountant.goes("/accounts").sees("Suspended")

    # What was on its way in is dead, and nothing new is sent.
    assert Somebody(app).goes(invitation).status == 404
    assert Somebody(app).goes(reset_link).status == 404
    letters = len(post.letters_to("eva@fjord.example"))
    Somebody(app).goes("/forgot-password").presses("Send the link", email="eva@fjord.example")
    clock.shift(MINUTE)
    assert len(post.letters_to("eva@fjord.example")) == letters

    # Staff let them back in. Nobody is signed in by that; with their passwords they are, and all is as before.
    clock.shift(10 * MINUTE)
    ann.goes("/staff/accounts/20001").clicks("Reactivate").presses("Reactivate")
    assert ann.sees("The account is active again.")
    assert ida.goes("/portal/20001/").path == "/sign-in"
    assert ida.signs_in().goes("/portal/20001/").sees("500.00")
    assert max_.signs_in().opens("/portal/20001/tickets/")
    assert eva.signs_in().opens("/portal/20001/licenses/")
    assert eva.goes("/portal/20001/tickets/").status == 403
    assert accountant.opens("/portal/20001/invoices/")
    assert Somebody(app).opens(invitation)  # Per may still come in
    assert funds(fjord) == 50_000
    assert_books_balance()
