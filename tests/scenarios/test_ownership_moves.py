"""The ownership of an account moves to somebody else, and nothing else moves with it (SPEC B4)."""

from __future__ import annotations

from sqlalchemy import inspect, select

from domain.permissions import MemberRole
from extensions import db
from models import License, MemberRoleGrant, PaymentMethod, Subscription, SubscriptionItem, Ticket, TicketParticipant
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, SubscriptionFactory, SubscriptionItemFactory
from tests.factories.support import TicketFactory, TicketParticipantFactory
from tests.support.post_office import link_in
from tests.support.somebody import Somebody
from tests.support.townspeople import DAY, MINUTE, member_of, owner_of

STAYS = (Subscription, SubscriptionItem, License, PaymentMethod, Ticket, TicketParticipant, MemberRoleGrant)


def everything_that_stays():
    """Every column of every row of what must not change."""
    return {
        (model.__tablename__, row.id): {column.key: getattr(row, column.key) for column in inspect(model).column_attrs}
        for model in STAYS
        for row in db.session.scalars(select(model).execution_options(populate_existing=True))
    }


def test_both_confirm_and_only_the_ownership_changes_hands(app, session, clock, post):
    account = AccountFactory(client_id="20001", name="Fjord Telecom")
    ida = owner_of(account, "ida@fjord.example", "Ida Berg")
    max_ = member_of(account, "max@fjord.example", "Max Lund", MemberRole.TICKETS, MemberRole.LICENSES)
    eva = member_of(account, "eva@fjord.example", "Eva Moe", MemberRole.BILLING)
    SubscriptionItemFactory(subscription=SubscriptionFactory(account=account))
    LicenseFactory(account=account)
    PaymentMethodFactory(account=account)
    for member, subject in ((max_, "No dial tone"), (ida, "The lift is stuck")):
        TicketParticipantFactory(ticket=TicketFactory(account=account, subject=subject), person=member.person)
    before = everything_that_stays()

    # Ida proposes it. She signed in a while ago, so she is asked who she is first.
    owner = Somebody(app, "ida@fjord.example").signs_in()
    clock.shift(20 * MINUTE)
    owner.goes("/portal/20001/members/").clicks("max@fjord.example")
    assert owner.clicks("Make owner").path == "/prove"
    owner.proves()
    owner.presses("Make owner")
    assert owner.sees("The change of ownership is proposed")
    assert owner.goes("/portal/20001/members/").sees("It is proposed that")

    # Who is not asked sees nothing of it.
    bystander = Somebody(app, "eva@fjord.example").signs_in()
    assert bystander.goes("/portal/20001/ownership/").status == 404

    # Max finds the mail on the next day, and a banner where he begins. Ida has confirmed by proposing.
    clock.shift(DAY)
    letter = post.letter_to("max@fjord.example", "Change of ownership of Fjord Telecom")
    heir = Somebody(app, "max@fjord.example").signs_in()
    assert "/portal/20001/ownership/" in [address for _words, address in heir.page.links]
    assert heir.goes("/portal/20001/members/").status == 403
    heir.goes(link_in(letter, "/ownership/"))
    assert heir.sees("It is proposed that Max Lund owns Fjord Telecom instead of Ida Berg.")
    owner.signs_in()
    assert owner.opens("/portal/20001/members/")
    assert everything_that_stays() == before

    heir.presses("Become owner of Fjord Telecom")
    if heir.path == "/prove":
        heir.proves().presses("Become owner of Fjord Telecom")
    assert heir.sees("Confirmed. The ownership has moved.")

    # With the next click: Max may, Ida may not.
    assert owner.goes("/portal/20001/members/").status == 403
    assert owner.goes(f"/portal/20001/members/{eva.public_id}/change-roles").status == 403
    assert heir.opens(f"/portal/20001/members/{eva.public_id}/change-roles")
    assert heir.opens("/portal/20001/payment-methods/")
    for letter in (post.letter_to("ida@fjord.example"), post.letter_to("max@fjord.example")):
        assert "Max Lund" in letter.text

    # Ida works on with every role but ownership.
    for page in ("invoices", "payments", "licenses", "subscriptions", "tickets"):
        assert owner.opens(f"/portal/20001/{page}/"), page
    assert owner.goes("/portal/20001/tickets/").sees("The lift is stuck")

    # Nothing else has changed: the same rows hold the same values, Eva's roles too.
    after = everything_that_stays()
    gone = [row for key, row in before.items() if key not in after]
    added = [row for key, row in after.items() if key not in before]
    assert {key: row for key, row in after.items() if key in before} == {
        key: row for key, row in before.items() if key in after
    }
    assert {(row["member_id"], row["role"]) for row in added} == {
        (ida.id, role) for role in MemberRole if role is not MemberRole.OWNER
    }
    assert {(row["member_id"], row["role"]) for row in gone} == {  # an owner holds every right without roles
        (max_.id, MemberRole.TICKETS),
        (max_.id, MemberRole.LICENSES),
    }
