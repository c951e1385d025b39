"""Who wrote a mail: somebody who takes part in a ticket, or a member, told by the address in From."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.incoming_mail import IncomingMail
from domain.mail_proof import Dmarc, dmarc_of
from domain.permissions import MemberRole, P, grants_of_member
from extensions import db
from models.member import Member, MemberRoleGrant
from models.person import Person
from models.staff import StaffMember
from models.ticket import Ticket
from services.participants import participants_of


class SenderProofs:
    """Asks the mail server in front for what it found out about From. Without its name nothing is asked."""

    def __init__(self) -> None:
        self.bind("")

    def bind(self, authserv_id: str) -> None:
        """Believe the server of this name (RFC 8601, section 2.5)."""
        self._authserv_id = authserv_id

    def why_not(self, mail: IncomingMail, *, staff: bool) -> str:
        """Why its sender is not believed; empty when they are. Whoever writes as staff needs a proof."""
        if not self._authserv_id:
            return ""
        found = dmarc_of(mail.authentication, authserv_id=self._authserv_id)
        if found is Dmarc.FAIL:
            return "Its sender may be forged: the mail server in front found that DMARC fails."
        if staff and found is not Dmarc.PASS:
            return "It names one of the staff as its sender, and the mail server in front has no proof of it."
        return ""


sender_proofs = SenderProofs()


@dataclass(frozen=True, slots=True)
class Writer:
    """Who a message by mail is from: a person, or an address that is nobody's here."""

    actor: Actor
    author_email: str | None = None

    @property
    def person_id(self) -> int | None:
        return self.actor.person_id


def writer_among(ticket: Ticket, sender: str) -> Writer | None:
    """The participant with this address: a live member, staff who see the ticket, or an address in copy."""
    told = participants_of(ticket)
    for person in told.members:
        if person.email == sender:
            member_id = db.session.scalar(
                select(Member.id).where(Member.person_id == person.id, Member.account_id == ticket.account_id)
            )
            return member_writer(person, account_id=ticket.account_id, member_id=member_id)
    for person in told.staff:
        if person.email == sender:
            return _staff_writer(person)
    return address_writer(sender) if sender in told.addresses else None


def member_of(account_id: int, sender: str) -> Writer | None:
    """The member of the account with this address, while their seat is live."""
    seat = select(Member.id, Person).join(Person, Person.id == Member.person_id)
    seat = seat.where(Member.account_id == account_id, Member.can_sign_in, Person.email == sender, Person.can_sign_in)
    found = db.session.execute(seat).one_or_none()
    return member_writer(found[1], account_id=account_id, member_id=found[0]) if found is not None else None


def member_writer(person: Person, *, account_id: int, member_id: int | None) -> Writer:
    """A member, writing by mail."""
    return Writer(Actor(str(person), Source.EMAIL, person_id=person.id, member_id=member_id, account_id=account_id))


def address_writer(sender: str) -> Writer:
    """An address without a person, writing by mail for the customer's side."""
    return Writer(Actor(sender, Source.EMAIL), author_email=sender)


def member_grants(account_id: int, member_id: int) -> frozenset[P]:
    """What a seat grants its member in the account."""
    member = db.session.get_one(Member, member_id)
    held = select(MemberRoleGrant.role).where(
        MemberRoleGrant.account_id == account_id, MemberRoleGrant.member_id == member_id
    )
    roles = list(db.session.scalars(held))
    return grants_of_member([*roles, MemberRole.OWNER] if member.is_owner else roles)


def _staff_writer(person: Person) -> Writer:
    staff_member_id = db.session.scalar(select(StaffMember.id).where(StaffMember.person_id == person.id))
    return Writer(Actor(str(person), Source.EMAIL, person_id=person.id, staff_member_id=staff_member_id))
