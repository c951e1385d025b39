"""A support agent looks with the owner's eyes: in the open, for an hour, and kept from what is not theirs (SPEC C5)."""

from __future__ import annotations

from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AuditEvent
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory
from tests.services.money import issued
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import MINUTE, MORNING, member_of, one_of_the_staff, owner_of

REASON = "Look why the license of the office does not start"


def test_the_agent_helps_and_the_owner_reads_all_of_it(app, session, clock, post):
    account = AccountFactory(client_id="20001", name="Fjord Telecom")
    owner = owner_of(account, "ida@fjord.example", "Ida Berg")
    max_ = member_of(account, "max@fjord.example", "Max Lund", MemberRole.TICKETS)
    LicenseFactory(account=account, code="LIC-OFFICE", resets_left=3)
    invoice = issued(account, MORNING).number
    staff = one_of_the_staff("sam@provider.example", "Sam Reed", StaffRole.SUPPORT_AGENT)
    db.session.commit()

    # Sam says why, and is inside. Ida has a mail about it at once.
    sam = Somebody(app, "sam@provider.example").signs_in()
    sam.goes("/staff/accounts/20001").clicks("Log in as the owner")
    assert sam.presses("Log in as the owner", reason="").complaints == ["Say why: the customer reads it."]
    sam.presses("Log in as the owner", reason=REASON)
    assert sam.path == "/portal/20001/"
    letter = post.letter_to("ida@fjord.example", "Sam Reed")
    assert "is logged in as Ida Berg" in letter.subject
    assert REASON in letter.text
    visit = link_in(letter, "/logins-as/")

    # The ribbon is on every page.
    for page in ("", "invoices/", "licenses/LIC-OFFICE", "members/", f"members/{max_.public_id}"):
        sam.goes(f"/portal/20001/{page}")
        assert (sam.status, sam.sees("Sam Reed as Ida Berg")) == (200, True), page
        assert sam.sees_button("Return"), page

    # Passwords, factors, addresses, roles and money are out of reach; the pages do not even offer them.
    sam.goes(f"/portal/20001/members/{max_.public_id}")
    for act in ("Reset password", "Reset 2-step verification", "Change roles", "Make owner", "Edit", "Disable"):
        assert not sam.sees_link(act), act
    for act in ("reset-password", "reset-2-step-verification", "change-roles", "make-owner", "edit", "disable"):
        for member in (max_, owner):
            assert sam.goes(f"/portal/20001/members/{member.public_id}/{act}").status == 403, act
    assert not sam.goes(f"/portal/20001/invoices/{invoice}").sees_link("Pay")
    assert sam.goes(f"/portal/20001/invoices/{invoice}/pay").status == 403
    assert sam.goes("/portal/20001/payment-methods/new").status in (403, 404)
    assert sam.goes("/settings/security").sees("This page is your own")
    assert sam.goes(f"/staff/members/{owner.public_id}/reset-password").status == 403  # nor under their own name

    # What they came for they can do, and it is on the record with both names.
    clock.shift(10 * MINUTE)
    sam.goes("/portal/20001/licenses/LIC-OFFICE").clicks("Reset MAC/IP address").presses("Reset MAC/IP address")
    assert sam.path == "/portal/20001/licenses/LIC-OFFICE"
    assert sam.sees("Sam Reed as Ida Berg")
    done = db.session.scalars(select(AuditEvent).where(AuditEvent.event.startswith("license."))).all()
    assert {(row.actor_person_id, row.on_behalf_of_id) for row in done} == {(staff.person_id, owner.person_id)}

    # After an hour it is over, also for somebody who only sits there.
    clock.shift(49 * MINUTE)
    assert sam.goes("/portal/20001/").sees("1 minute left")
    clock.shift(2 * MINUTE)
    assert sam.goes("/portal/20001/").status == 404
    assert not sam.goes("/staff/").sees("You are logged in as Ida Berg")
    post.clock_strikes()
    ended = post.letter_to("ida@fjord.example", "has left Fjord Telecom")
    assert "One thing was changed." in ended.text

    # Ida opens the mail, signs in with the password she always had, and reads it all.
    ida = Somebody(app, "ida@fjord.example").goes(visit)
    assert ida.signs_in().path == visit
    for words in ("Sam", "Reed", REASON, "Expired", "Reset"):
        assert ida.sees(words), words
    assert ida.goes("/portal/20001/licenses/LIC-OFFICE").sees("Sam Reed as Ida Berg")
    assert ida.goes("/portal/20001/logins-as/").sees(REASON)

    # From now on she wants to be asked.
    ida.goes("/portal/20001/login-consent-rule/").presses("Demand my consent")
    assert ida.sees("They have to ask you first")
    sam.goes("/staff/accounts/20001").clicks("Log in as the owner")
    if sam.path == "/prove":  # the last proof is an hour old
        sam.proves()
    sam.presses("Log in as the owner", reason="See whether it starts now")
    assert (sam.status, sam.path.startswith("/staff/")) == (409, True)
    sam.clicks("Ask for consent to log in").presses("Ask for consent to log in", reason="See whether it starts now")
    assert sam.goes("/portal/20001/").status == 404
    ida.goes(link_in(post.letter_to("ida@fjord.example", "asks to log in"), "/login-consents/"))
    ida.clicks("Give consent").presses("Give consent")
    assert ida.sees("The consent is given.")
    assert post.letter_to("sam@provider.example")

    # With it Sam comes in again, until Ida takes it back.
    sam.goes("/staff/accounts/20001").clicks("Log in as the owner")
    sam.presses("Log in as the owner", reason="See whether it starts now")
    assert sam.path == "/portal/20001/"
    ida.clicks("Withdraw consent").presses("Withdraw consent")
    assert sam.goes("/portal/20001/licenses/").status == 404
