"""Ways back in and new passwords: reset links, temporary passwords, and the change of one's own."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import ColumnElement, ColumnExpressionArgument, select, update

from domain.actor import Actor
from domain.passwords import check_new_password
from domain.refusals import Refusal
from extensions import db
from models.person import Person
from models.sign_in import PasswordReset, PasswordResetKind, SessionEnd, SignInDoor, SignInSession
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.deliveries import cancel_deliveries
from services.invitations import supersede_invitations_of
from services.notifications import tell
from services.passwords import new_temporary_password, passwords
from services.seats import has_live_seat
from services.second_step import needs_second_step
from services.sessions import Browser, Lifetime, end_sessions, hash_of_token, renew_session
from services.settings import number_setting
from services.sign_in import person_as_actor
from services.social_removals import disconnect_all
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work

LINK_LIVES = dt.timedelta(minutes=60)
TEMPORARY_PASSWORD_LIVES = dt.timedelta(minutes=60)
_MAILED = ("reset_link", "staff_invitation", "temporary_password")
_LINKS = (PasswordResetKind.LINK, PasswordResetKind.INVITATION)


class ResetLinkNotValid(Refusal):
    """The same for a link that was used, replaced, is too old, or never was."""

    message = (
        "This link does not work any more. It works once, for 60 minutes, and only the newest one. Ask for a new one."
    )


class CurrentPasswordWrong(Refusal):
    message = "The current password is not right."


class PasswordNotNew(Refusal):
    message = "This is the password you have now. Choose another one."


def send_reset_link(person: Person, *, actor: Actor, now: dt.datetime) -> Person:
    """Mail the person a link that sets a new password: once, within 60 minutes. Older ones stop working."""
    token = secrets.token_urlsafe(32)
    _replace_open_resets(person, now)
    _add_reset(person, PasswordResetKind.LINK, hash_of_token(token), LINK_LIVES, actor, now)
    record_event("person.password_reset_requested", person, actor=actor, now=now)
    tell(person, "reset_link", now=now, secret=True, token=token, minutes=_minutes(LINK_LIVES))
    return person


def send_invitation_link(person: Person, *, actor: Actor, now: dt.datetime) -> str:
    """Mail new staff the link by which they choose their first password, and give its token to be printed.

    It works once, like a reset link, for as many days as the setting says.
    """
    token, days = secrets.token_urlsafe(32), number_setting("invitation_days")
    _replace_open_resets(person, now)
    _add_reset(person, PasswordResetKind.INVITATION, hash_of_token(token), dt.timedelta(days=days), actor, now)
    tell(person, "staff_invitation", now=now, secret=True, token=token, days=days)
    return token


def issue_temporary_password(person: Person, *, actor: Actor, now: dt.datetime) -> Person:
    """Replace the person's password by a random one that is mailed to them, and end all their sessions.

    It works once, for 60 minutes, and must be changed at that sign-in. Nobody else ever sees it. Connected accounts of
    other houses are disconnected. Who may do this to whom, and what the audit calls it, is the caller's to decide.
    """
    password = new_temporary_password()
    _replace_open_resets(person, now)
    _add_reset(
        person,
        PasswordResetKind.TEMPORARY_PASSWORD,
        passwords.make(password),
        TEMPORARY_PASSWORD_LIVES,
        actor,
        now,
    )
    person.password_hash = None
    person.password_changed_at = now
    person.must_change_password = True
    supersede_invitations_of(person, now=now)
    end_sessions(person.id, SessionEnd.PASSWORD_CHANGED, now=now)
    disconnected = disconnect_all(person, actor=actor, now=now)
    minutes = _minutes(TEMPORARY_PASSWORD_LIVES)
    tell(
        person,
        "temporary_password",
        now=now,
        secret=True,
        password=password,
        minutes=minutes,
        disconnected=disconnected,
    )
    return person


def reset_link_works(token: str, *, now: dt.datetime) -> bool:
    """Whether the link would be taken now; shows nothing else, so that a form need not be filled in vain."""
    return db.session.scalar(select(PasswordReset.id).where(*_works(token, now))) is not None


def reset_password(token: str, password: str, browser: Browser, *, now: dt.datetime) -> None:
    """Set a new password by a link, which is used up by it; all sessions of the person end.

    Refused: TooManyAttempts, ResetLinkNotValid, and a password that is not good enough (the link then still works).
    Opens its own units of work, like every door.
    """
    check_new_password(password)
    with unit_of_work():
        attempt_id = count_attempt(f"link {token}", ip=browser.ip, door=SignInDoor.RESET, now=now)
        person = db.session.scalar(select(Person).join(PasswordReset, _persons()).where(*_works(token, now)))
    if person is None:
        raise ResetLinkNotValid
    check_new_password(password, own_names=_own_names(person))
    hashed = passwords.make(password)
    with unit_of_work():
        used = db.session.execute(
            update(PasswordReset)
            .where(PasswordReset.token_hash == hash_of_token(token), *_open(now))
            .values(used_at=now)
            .returning(PasswordReset.id)
        )
        if not used.all():
            raise ResetLinkNotValid
        take_back(attempt_id)
        person.email_verified_at = person.email_verified_at or now  # who has the link reads the mail
        _set_password(person, hashed, now)
        end_sessions(person.id, SessionEnd.PASSWORD_CHANGED, now=now)
        _tell(person, "person.password_reset", person_as_actor(person, browser), now)


def change_password(
    person: Person,
    session: SignInSession,
    *,
    current: str,
    new: str,
    actor: Actor,
    now: dt.datetime,
    lifetime: Lifetime,
) -> str | None:
    """Change one's own password, end all other sessions, and give this one's new token (None when it ended meanwhile).

    Who signed in with a temporary password is not asked for it again; for who has a second factor, the password is no
    proof (ProofNeeded). Refused: TooManyAttempts, CurrentPasswordWrong,
    PasswordNotNew, and a password that is not good enough. Opens its own units of work.
    """
    require_proof_beside_password(person, actor, now=now)
    check_new_password(new, own_names=_own_names(person))
    if not person.must_change_password:
        _check_current_password(person, current, actor.ip, now)
    if passwords.check(_newest_hash(person), new):
        raise PasswordNotNew
    hashed = passwords.make(new)
    with unit_of_work():
        # The password alone is no new proof for who has a second factor: theirs stays as old as it is.
        proved_at = session.proved_at if needs_second_step(person) else now
        token = renew_session(session, now=now, lifetime=lifetime, proved_at=proved_at)
        if token is not None:
            _replace_open_resets(person, now)
            _set_password(person, hashed, now)
            end_sessions(person.id, SessionEnd.PASSWORD_CHANGED, now=now, keep=session)
            _tell(person, "person.password_changed", actor, now)
    return token


def require_proof_beside_password(person: Person, actor: Actor, *, now: dt.datetime) -> None:
    """Raise ProofNeeded where changing the password wants more than the password: for who has a second factor."""
    if needs_second_step(person):
        require_recent_proof(actor, now=now)


def _check_current_password(person: Person, current: str, ip: str | None, now: dt.datetime) -> None:
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=ip, door=SignInDoor.PASSWORD, now=now)
    if not passwords.check(person.password_hash, current):
        raise CurrentPasswordWrong
    with unit_of_work():
        take_back(attempt_id)


def _newest_hash(person: Person) -> str | None:
    """The hash of the password the person came in with: their own, or the temporary one."""
    if person.password_hash is not None:
        return person.password_hash
    return db.session.scalar(
        select(PasswordReset.token_hash)
        .where(
            PasswordReset.person_id == person.id,
            PasswordReset.kind == PasswordResetKind.TEMPORARY_PASSWORD,
            PasswordReset.used_at.is_not(None),
        )
        .order_by(PasswordReset.id.desc())
        .limit(1)
    )


def _set_password(person: Person, hashed: str, now: dt.datetime) -> None:
    person.password_hash = hashed
    person.password_changed_at = now
    person.must_change_password = False
    supersede_invitations_of(person, now=now)


def _tell(person: Person, event: str, actor: Actor, now: dt.datetime) -> None:
    record_event(event, person, actor=actor, now=now)
    tell(person, "password_changed", now=now)


def _replace_open_resets(person: Person, now: dt.datetime) -> None:
    """Let no older link or temporary password work. The person is locked, so that two new ones come one by one."""
    db.session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    db.session.execute(
        update(PasswordReset)
        .where(
            PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None), PasswordReset.superseded_at.is_(None)
        )
        .values(superseded_at=now)
    )
    cancel_deliveries(_MAILED, person_id=person.id, now=now)


def _add_reset(
    person: Person, kind: PasswordResetKind, hashed: str, lives: dt.timedelta, actor: Actor, now: dt.datetime
) -> None:
    reset = PasswordReset(
        person_id=person.id,
        kind=kind,
        token_hash=hashed,
        email=person.email,
        requested_by_id=actor.person_id,
        expires_at=now + lives,
        created_at=now,
    )
    db.session.add(reset)
    db.session.flush()


def _open(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        PasswordReset.kind.in_(_LINKS),
        PasswordReset.used_at.is_(None),
        PasswordReset.superseded_at.is_(None),
        PasswordReset.expires_at > now,
    )


def _persons() -> ColumnElement[bool]:
    """The link's person, as long as the address it was sent to is still theirs."""
    return (PasswordReset.person_id == Person.id) & (PasswordReset.email == Person.email)


def _works(token: str, now: dt.datetime) -> tuple[ColumnExpressionArgument[bool], ...]:
    return (
        PasswordReset.token_hash == hash_of_token(token),
        *_open(now),
        _persons(),
        Person.can_sign_in,
        has_live_seat(),
    )


def _own_names(person: Person) -> list[str]:
    return [name for name in (person.email, person.first_name, person.last_name) if name]


def _minutes(lives: dt.timedelta) -> int:
    return int(lives / dt.timedelta(minutes=1))
