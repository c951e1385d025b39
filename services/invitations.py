"""Invitations: a mailed link that lets a person take their seat, once, for 30 days."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.member import Member, MemberInvitation, MemberStatus
from models.notification import NotificationKind
from models.person import Person
from services.audit import record_event
from services.locks import locked
from services.mail_texts import mail_texts
from services.notifications import queue_mail
from services.sessions import hash_of_token

LIVES: Final = dt.timedelta(days=30)


class MemberNotInvitable(Refusal):
    message = "This member has taken their seat already, or has no portal access. An invitation would change nothing."


def invite_member(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Mail an invitation; an older one stops working. Refused: MemberNotInvitable."""
    locked(member)
    person = db.session.get_one(Person, member.person_id)
    if member.status is not MemberStatus.INVITED or not member.portal_access or person.email is None:
        raise MemberNotInvitable
    _close(member, now)
    token = secrets.token_urlsafe(32)
    invitation = MemberInvitation(
        account_id=member.account_id,
        member_id=member.id,
        email=person.email,
        token_hash=hash_of_token(token),
        invited_by_id=actor.person_id,
        expires_at=now + LIVES,
        created_at=now,
    )
    db.session.add(invitation)
    db.session.flush()
    mail = mail_texts.render(
        "member_invitation",
        name=str(person),
        email=person.email,
        account=db.session.get_one(Account, member.account_id).name,
        token=token,
        days=LIVES.days,
    )
    queue_mail(
        person,
        "member_invitation",
        mail.subject,
        mail.text,
        now=now,
        account_id=member.account_id,
        kind=NotificationKind.SECURITY,
        secret=True,
    )
    record_event("member.invited", member, actor=actor, now=now, after={"email": person.email})
    return member


def has_open_invitation(member: Member) -> bool:
    """Whether the member was invited and has not answered."""
    found = select(MemberInvitation.id).where(MemberInvitation.member_id == member.id, MemberInvitation.is_open)
    return db.session.scalar(found) is not None


def _close(member: Member, now: dt.datetime) -> None:
    db.session.execute(
        update(MemberInvitation)
        .where(MemberInvitation.member_id == member.id, MemberInvitation.is_open)
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
