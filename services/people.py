"""People, whichever door they come in by: found by their address, and helped when they are locked out."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select

from domain.actor import Actor, Source
from domain.contact import normalise_email
from domain.refusals import Refusal
from extensions import db
from models.person import Person, PersonKind
from models.second_factor import Passkey, RecoveryCode, TotpFactor
from models.sign_in import SessionEnd
from services.locks import locked
from services.notifications import tell
from services.passkey_challenges import forget_challenges_of
from services.records import flush_or_refuse
from services.sessions import end_sessions
from services.social_removals import disconnect_all
from services.telegram_removals import disconnect_chat


class EmailNotUsable(Refusal):
    """Said the same whoever has the address, so that nobody learns who works for the provider."""

    message = "This e-mail address cannot be used here. Enter another one."


class NotWhileLoggedInAs(Refusal):
    """While staff are logged in as a member, passwords, factors, roles and payments are out of reach (SPEC C5)."""

    message = "This cannot be done while you are logged in as a member. Leave the account first."


def refuse_while_logged_in_as(actor: Actor) -> None:
    """Refused: NotWhileLoggedInAs."""
    if actor.on_behalf_of_id is not None:
        raise NotWhileLoggedInAs


def acts_for_provider(actor: Actor) -> bool:
    """Whether the actor is staff in the back office, or a job or command of the house: not a member of an account."""
    if actor.source in (Source.API, Source.EMAIL, Source.TELEGRAM):
        return actor.staff_member_id is not None and actor.member_id is None
    return actor.source in (Source.STAFF, Source.JOB, Source.IMPORT, Source.SYSTEM)


def find_by_email(email: str) -> Person | None:
    """The person with this address, of whichever kind."""
    return db.session.scalar(select(Person).where(Person.email == email))


def create_person(
    kind: PersonKind,
    *,
    email: str | None,
    first_name: str,
    last_name: str,
    now: dt.datetime,
    time_zone: str | None = None,
    managed_by_account_id: int | None = None,
) -> Person:
    """Make a person without a password. Refused: EmailNotReadable, EmailNotUsable when somebody has the address."""
    person = Person(
        kind=kind,
        email=None if email is None else normalise_email(email),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        time_zone=time_zone,
        managed_by_account_id=managed_by_account_id,
        created_at=now,
    )
    db.session.add(person)
    flush_or_refuse({"person.email": EmailNotUsable})
    return person


def remove_second_factors(person: Person, *, actor: Actor, now: dt.datetime, account_id: int | None) -> Person:
    """Take away time codes, recovery codes and passkeys, end all sessions and tell the person by mail.

    Connected accounts of other houses and the Telegram chat are disconnected as well: whoever had the sign-in may have
    connected theirs.

    Who may do this to whom, and what the audit calls it, is the caller's to decide.
    """
    locked(person)
    for factor in (TotpFactor, RecoveryCode, Passkey):
        db.session.execute(
            delete(factor).where(factor.person_id == person.id).execution_options(synchronize_session=False)
        )
    forget_challenges_of(person)
    person.passkey_only = False
    end_sessions(person.id, SessionEnd.FACTOR_RESET, now=now)
    disconnected = disconnect_all(person, actor=actor, now=now, account_id=account_id)
    without_chat = disconnect_chat(person, actor=actor, now=now, account_id=account_id)
    if person.email is not None:
        tell(
            person,
            "second_step_reset",
            now=now,
            account_id=account_id,
            disconnected=disconnected,
            chat_disconnected=without_chat,
        )
    return person
