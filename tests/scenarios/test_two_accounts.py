"""An accountant works for two companies under one address: two seats, one identity that one of them manages (SPEC B6)."""

from __future__ import annotations

from domain.permissions import MemberRole
from extensions import db
from tests.factories.people import AccountFactory
from tests.services.money import issued
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import DAY, MORNING, owner_of

BO = {"person.first_name": "Bo", "person.last_name": "Dahl", "person.email": "bo@books.example"}


def test_the_accountant_has_two_seats_and_each_company_rules_over_its_own(app, session, clock, post):
    fjord = AccountFactory(client_id="20001", name="Fjord Telecom")
    glacier = AccountFactory(client_id="20002", name="Glacier Travel")
    owner_of(fjord, "ida@fjord.example", "Ida Berg")
    owner_of(glacier, "gro@glacier.example", "Gro Holm")
    of_fjord = issued(fjord, MORNING, net=12_300).number
    of_glacier = issued(glacier, MORNING, net=45_600).number
    db.session.commit()

    # Fjord invites Bo, who takes the seat with a new password.
    ida = Somebody(app, "ida@fjord.example").signs_in()
    ida.goes("/portal/20001/members/new").presses("Save", **BO)
    ida.clicks("Change roles").presses("Change roles", role=[MemberRole.BILLING])
    bo = Somebody(app, "bo@books.example")
    bo.takes_seat(link_in(post.letter_to("bo@books.example", "Fjord Telecom invites you"), "/invitations/"))
    assert bo.path == "/portal/20001/"

    # Glacier invites the same address. Bo needs no second password, and is asked for none.
    clock.shift(DAY)
    gro = Somebody(app, "gro@glacier.example").signs_in()
    gro.goes("/portal/20002/members/new").presses("Save", **BO | {"person.email": "Bo@Books.example"})
    gro.clicks("Change roles").presses("Change roles", role=[MemberRole.PAYMENTS])
    assert gro.sees("The roles are saved.")
    bo.goes(link_in(post.letter_to("bo@books.example", "Glacier Travel invites you"), "/invitations/"))
    assert bo.sees("Your seat at Glacier Travel")
    bo.presses("Take the seat").signs_in()

    # Bo chooses between them, by the page of accounts and by the menu in each.
    bo.goes("/accounts")
    assert [bo.sees_link("Fjord Telecom"), bo.sees_link("Glacier Travel")] == [True, True]
    bo.clicks("Fjord Telecom")
    assert bo.goes("/portal/20001/invoices/").sees(of_fjord)
    assert not bo.sees("456.00")
    bo.clicks("Glacier Travel 20002")
    assert bo.path == "/portal/20002/"
    assert bo.goes("/portal/20002/invoices/").sees(of_glacier)
    assert not bo.sees("123.00")

    # In each by the role there: payments only in Glacier, and no document of one at the address of the other.
    assert bo.goes(f"/portal/20002/invoices/{of_glacier}").sees_link("Pay from balance")
    assert bo.opens(f"/portal/20001/invoices/{of_fjord}")
    assert not bo.sees_link("Pay from balance")
    assert bo.goes("/portal/20001/payments/").status == 403
    assert bo.opens("/portal/20002/payments/")
    for foreign in (f"/portal/20001/invoices/{of_glacier}", f"/portal/20002/invoices/{of_fjord}"):
        assert bo.goes(foreign).status == 404, foreign

    # Gro manages the seat, not the identity: she can neither reset the password nor the factors.
    gro.goes("/portal/20002/members/").clicks("bo@books.example")
    for act in ("Reset password", "Reset 2-step verification"):
        gro.clicks(act).presses(act)
        assert gro.status == 409
        assert gro.complaints == [
            "This person's sign-in is not managed by this account. They can reset it themselves, or ask support."
        ]
        gro.clicks("Cancel")
    assert bo.opens("/portal/20002/invoices/")
    letters = len(post.letters_to("bo@books.example"))

    # What is hers she does: the seat in Glacier is gone with the next click, that in Fjord stays.
    gro.clicks("Disable").presses("Disable")
    assert gro.sees("The member is disabled.")
    assert bo.goes("/portal/20002/invoices/").status == 404
    assert bo.opens("/portal/20001/invoices/")
    assert not bo.goes("/accounts").sees("Glacier Travel")
    assert len(post.letters_to("bo@books.example")) == letters

    # Ida manages the identity: with her reset the old password is worth nothing, and Bo is out everywhere.
    ida.signs_in().goes("/portal/20001/members/").clicks("bo@books.example")
    ida.clicks("Reset password").presses("Reset password")
    assert ida.sees("A new password is on its way")
    assert bo.goes("/portal/20001/invoices/").path == "/sign-in"
    assert bo.signs_in().complaints
