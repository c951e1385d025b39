"""Another sign-in address: by staff, never for oneself, told to both, and the old mailbox opens nothing any more."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.contact import EmailNotReadable
from models import NotificationDelivery
from services.audit import timeline_of
from services.email_changes import (
    EmailNotYours,
    EmailUnchanged,
    NoEmailToChange,
    change_email,
    change_member_email,
    change_staff_email,
)
from services.invitations import invite_member, open_invitation
from services.password_resets import reset_link_works, reset_password, send_reset_link
from services.people import EmailNotUsable, NotWhileLoggedInAs
from services.sign_in import SignInRefused, sign_in
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, StaffMemberFactory
from tests.support.door import ANOTHER_PASSWORD, BROWSER, LIFETIME, PASSWORD, person_who_can_sign_in

NEW = "mia@new.example"


@pytest.fixture
def staff(session, now):
    row = StaffMemberFactory()
    return Actor("Sam", Source.STAFF, person_id=row.person.id, staff_member_id=row.id, proved_at=now)


def change(person, email, actor, now):
    with unit_of_work():
        return change_email(person, email, actor=actor, now=now)


def token_in_newest_mail(session, part):
    mails = select(NotificationDelivery.text).order_by(NotificationDelivery.id.desc())
    text = session.scalars(mails).first()
    return text.split(f"/{part}/")[1].split()[0]


def test_both_addresses_are_told_and_the_new_one_signs_in(session, staff, now):
    mia = person_who_can_sign_in()
    change(mia, " Mia@New.example ", staff, now)
    sent = session.execute(select(NotificationDelivery.address, NotificationDelivery.text)).all()
    assert {address for address, _text in sent} == {"mia@acme.example", NEW}
    assert all("mia@acme.example" in text and NEW in text for _address, text in sent)
    with pytest.raises(SignInRefused):
        sign_in("mia@acme.example", PASSWORD, BROWSER, now=now, lifetime=LIFETIME)
    assert sign_in(NEW, PASSWORD, BROWSER, now=now, lifetime=LIFETIME)
    [event] = [each for each in timeline_of("person", mia.public_id) if each.event == "person.email_changed"]
    assert (event.before, event.after) == ({"email": "mia@acme.example"}, {"email": NEW})


def test_links_and_invitations_in_the_old_mailbox_are_dead(session, staff, now):
    mia = person_who_can_sign_in()
    invited = MemberFactory(person=mia, status="invited")
    with unit_of_work():
        invite_member(invited, actor=staff, now=now)
        invitation = token_in_newest_mail(session, "invitations")
        send_reset_link(mia, actor=staff, now=now)
        link = token_in_newest_mail(session, "reset-password")
    assert reset_link_works(link, now=now)
    assert open_invitation(invitation, now=now)
    change(mia, NEW, staff, now)
    assert not reset_link_works(link, now=now)
    assert open_invitation(invitation, now=now) is None
    change(mia, "mia@acme.example", staff, now)  # not even when the old address comes back
    assert not reset_link_works(link, now=now)
    assert open_invitation(invitation, now=now) is None


def test_the_new_address_is_verified_by_using_a_link_that_was_mailed_to_it(session, staff, now):
    mia = person_who_can_sign_in()
    change(mia, NEW, staff, now)
    assert mia.email_verified_at is None
    with unit_of_work():
        send_reset_link(mia, actor=staff, now=now)
        link = token_in_newest_mail(session, "reset-password")
    later = now + dt.timedelta(minutes=5)
    reset_password(link, ANOTHER_PASSWORD, BROWSER, now=later)
    session.refresh(mia)
    assert mia.email_verified_at == later


def test_nobody_changes_their_own(session, staff, now):
    mia, sam = person_who_can_sign_in(), StaffMemberFactory()
    myself = Actor("Mia", Source.PORTAL, person_id=mia.id, proved_at=now)
    with pytest.raises(EmailNotYours):
        change(mia, NEW, myself, now)
    with pytest.raises(EmailNotYours):
        change(sam.person, NEW, replace(staff, person_id=sam.person.id), now)
    owner = Actor("Ida", Source.PORTAL, person_id=staff.person_id, member_id=1, account_id=1, proved_at=now)
    with pytest.raises(EmailNotYours):
        change(mia, NEW, owner, now)


@pytest.mark.parametrize(
    ("email", "refusal"),
    [
        ("mia@acme.example", EmailUnchanged),
        ("MIA@acme.example ", EmailUnchanged),
        ("taken@acme.example", EmailNotUsable),
        ("TAKEN@acme.example", EmailNotUsable),
        ("not an address", EmailNotReadable),
        ("a@x.example, b@x.example", EmailNotReadable),
        ("mia@new.example\r\nBcc: x@y.zz", EmailNotReadable),
        ("miа@new.example", EmailNotReadable),  # a Cyrillic a
    ],
)
def test_what_cannot_be_an_address_of_theirs_changes_nothing(session, staff, now, email, refusal):
    mia = person_who_can_sign_in()
    person_who_can_sign_in("taken@acme.example")
    session.commit()
    with pytest.raises(refusal):
        change(mia, email, staff, now)
    session.refresh(mia)
    assert mia.email == "mia@acme.example"
    assert session.scalars(select(NotificationDelivery)).all() == []


def test_it_wants_a_recent_proof_and_is_out_of_reach_while_logged_in_as(session, staff, now):
    mia = person_who_can_sign_in()
    with pytest.raises(ProofNeeded):
        change(mia, NEW, replace(staff, proved_at=now - dt.timedelta(minutes=16)), now)
    with pytest.raises(NotWhileLoggedInAs):
        change(mia, NEW, replace(staff, on_behalf_of_id=mia.id), now)


def test_who_has_no_address_is_given_none_here(session, staff, now):
    with pytest.raises(NoEmailToChange):
        change(MemberFactory(person__email=None, portal_access=False).person, NEW, staff, now)


def test_members_and_colleagues_are_changed_alike(session, staff, now):
    member, colleague = MemberFactory(), StaffMemberFactory()
    with unit_of_work():
        change_member_email(member, email="m@new.example", actor=staff, now=now)
        change_staff_email(colleague, email="c@new.example", actor=staff, now=now)
    assert (member.person.email, colleague.person.email) == ("m@new.example", "c@new.example")
