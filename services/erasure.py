"""Replacing personal data when an account ends: people become a "deleted person", documents stay as they are.

Issued documents keep what they were issued with; the law wants them. The audit keeps the rows it has, too: it names
people through their row, so the names go with it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from domain.actor import Actor
from extensions import db
from models.account import Account
from models.financing import FinancingRequest
from models.identity import AccessToken, PhoneVerification, SocialIdentity, TelegramBinding
from models.member import Member, MemberInvitation, MemberStatus
from models.notification import DeliveryState, Notification, NotificationDelivery, NotificationPreference
from models.person import Person, PhoneState
from models.prospect import Prospect
from models.second_factor import Passkey, PasskeyChallenge, RecoveryCode, TotpFactor
from models.sign_in import AllowedNetwork, KnownDevice, PasswordReset, SessionEnd, SignInSession
from services.audit import record_event
from services.erased_traces import DELETED_ADDRESS, DELETED_NAME, Erased, erase_traces, told_to
from services.sessions import end_sessions
from services.telegram_files import forget_dialogue

_PERSONS_ROWS: Final[tuple[Any, ...]] = (
    TotpFactor,
    RecoveryCode,
    Passkey,
    PasskeyChallenge,
    SocialIdentity,
    PhoneVerification,
    TelegramBinding,
    AccessToken,
    KnownDevice,
    AllowedNetwork,
    PasswordReset,
    NotificationPreference,
)
_EMPTIED: Final = ("email", "email_verified_at", "phone", "password_hash", "time_zone", "start_page", "avatar_file_id")
_CONTACT: Final = (
    "contact_name",
    "contact_email",
    "contact_phone",
    "billing_email",
    "website",
)


def replace_personal_data(account: Account, *, actor: Actor, now: dt.datetime) -> list[Person]:
    """Replace what the account tells of people; give those who are a "deleted person" now.

    These are the people whose identity the account manages and who have no seat elsewhere. Others keep their identity
    for their other seats, and the account manages it no longer.
    """
    for name in _CONTACT:
        setattr(account, name, None)
    members = list(db.session.scalars(select(Member).where(Member.account_id == account.id).order_by(Member.id)))
    for member in members:
        member.phone = None
        if not member.is_owner:
            member.status = MemberStatus.DISABLED
        member.version += 1
    db.session.flush()
    erased = [
        erase_person(person, account_id=account.id, actor=actor, now=now) for person in _only_here(account, members)
    ]
    _run(
        update(Person)
        .where(Person.managed_by_account_id == account.id, Person.erased_at.is_(None))
        .values(managed_by_account_id=None, version=Person.version + 1)
    )
    _forget_mails(NotificationDelivery.account_id == account.id)
    _run(
        update(MemberInvitation)
        .where(MemberInvitation.account_id == account.id)
        .values(email=DELETED_ADDRESS, superseded_at=func.coalesce(MemberInvitation.superseded_at, now))
    )
    _run(
        update(Prospect)
        .where(Prospect.account_id == account.id)
        .values(
            contact=" ".join(DELETED_NAME),
            email=DELETED_ADDRESS,
            phone=None,
            note=None,
            released_at=func.coalesce(Prospect.released_at, now, type_=Prospect.released_at.type),
        )
    )
    _run(
        update(FinancingRequest)
        .where(FinancingRequest.account_id == account.id)
        .values(contact=" ".join(DELETED_NAME), email=DELETED_ADDRESS, phone=None, note=None)
    )
    return erased


def erase_person(person: Person, *, account_id: int | None, actor: Actor, now: dt.datetime) -> Person:
    """Make somebody a "deleted person": no name, address, password, factor, device or session is left.

    What they wrote stays in its ticket, with the full name and the address replaced; mails that came from them lose
    sender, subject and content. Contents of files are deleted by a job after the commit.
    """
    whom = Erased(person.id, person.public_id, person.email or "", person.name)
    end_sessions(person.id, SessionEnd.DISABLED, now=now)
    _run(update(SignInSession).where(SignInSession.person_id == person.id).values(ip=None, user_agent=None, place=None))
    forget_dialogue(person.id, now=now)
    for model in _PERSONS_ROWS:
        _run(delete(model).where(model.person_id == person.id))
    _forget_mails(told_to(whom))
    _run(update(Notification).where(Notification.person_id == person.id).values(title="", body=""))
    person.first_name, person.last_name = DELETED_NAME
    avatar_file_id = person.avatar_file_id
    for name in _EMPTIED:
        setattr(person, name, None)
    person.phone_state, person.passkey_only = PhoneState.NOT_VERIFIED, False
    person.erased_at = person.disabled_at = now
    person.version += 1
    db.session.flush()
    erase_traces(whom, avatar_file_id=avatar_file_id, now=now)
    record_event("person.data_replaced", person, actor=actor, now=now, account_id=account_id)
    return person


def _only_here(account: Account, members: list[Member]) -> list[Person]:
    """Those whose identity the account manages and whose only seat is here."""
    elsewhere = select(Member.id).where(Member.person_id == Person.id, Member.account_id != account.id).exists()
    people = (
        select(Person)
        .where(
            Person.id.in_([member.person_id for member in members]),
            Person.managed_by_account_id == account.id,
            Person.erased_at.is_(None),
            ~elsewhere,
        )
        .order_by(Person.id)
    )
    return list(db.session.scalars(people.with_for_update(key_share=True)))


def _forget_mails(which: Any) -> None:
    """Blank what was sent, and send nothing of it any more."""
    _run(
        update(NotificationDelivery)
        .where(which, NotificationDelivery.state == DeliveryState.WAITING)
        .values(state=DeliveryState.CANCELLED)
    )
    _run(
        update(NotificationDelivery)
        .where(which)
        .values(address=DELETED_ADDRESS, subject="", text="", html=None, headers={}, reply_to=None, remote_id=None)
    )


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
