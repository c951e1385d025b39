"""Passkeys of one's own: made, named, taken away, and made the only way in (SPEC A4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, select

from domain.actor import Actor
from domain.passkeys import RelyingParty
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from integrations.passkeys import (
    AnswerNotValid,
    claim_of,
    registration_options,
    verify_new_credential,
)
from models.person import Person
from models.second_factor import Passkey, PasskeyPurpose
from models.sign_in import SessionEnd, SignInSession
from services.audit import record_event
from services.locks import locked
from services.notifications import tell
from services.passkey_challenges import make_challenge, use_up_challenge
from services.records import flush_or_refuse
from services.sessions import end_sessions
from services.step_up import require_recent_proof
from services.time_codes import forget_recovery_codes_of_nothing
from services.unit_of_work import unit_of_work

MOST_PASSKEYS: Final = 20
LONGEST_NAME: Final = 100


class PasskeyNotMade(Refusal):
    message = "The passkey could not be checked, so it was not added. Try again."


class PasskeyKnown(Refusal):
    message = "This passkey is in use already."


class TooManyPasskeys(Refusal):
    message = Sentence(
        "You have %(most_passkeys)s passkeys already. Remove one that you do not use any more.",
        most_passkeys=MOST_PASSKEYS,
    )


class PasskeyNameMissing(Refusal):
    message = "Enter a name, such as the device it is on."


class PasskeyMissing(Refusal):
    message = "Add a passkey first. Two are better: the second one lets you in when the first is lost."


class LastPasskeyStays(Refusal):
    message = "You sign in with passkeys only, and this is the last one. Allow the password again first."


def passkeys_of(person: Person) -> Sequence[Passkey]:
    """The person's passkeys, the oldest first."""
    return db.session.scalars(select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id)).all()


def find_passkey(person: Person, public_id: str) -> Passkey | None:
    """One of the person's own passkeys."""
    return db.session.scalar(select(Passkey).where(Passkey.person_id == person.id, Passkey.public_id == public_id))


def begin_passkey(person: Person, party: RelyingParty, *, actor: Actor, now: dt.datetime) -> dict[str, Any]:
    """What the browser needs to make a passkey. Refused: TooManyPasskeys."""
    require_recent_proof(actor, now=now)
    known = [passkey.credential_id for passkey in passkeys_of(person)]
    if len(known) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    challenge = make_challenge(PasskeyPurpose.REGISTER, person, now=now)
    name = person.email or str(person)
    return registration_options(
        party, challenge, handle=person.public_id, name=name, display_name=str(person), known=known
    )


def add_passkey(
    person: Person, answer: str, name: str, party: RelyingParty, *, actor: Actor, now: dt.datetime
) -> Passkey:
    """Keep the passkey that the browser made. From now on it is asked for at sign-in, or stands for the password.

    Refused: PasskeyNameMissing, PasskeyNotMade, PasskeyKnown, TooManyPasskeys. Opens its own units of work: a challenge
    is used up by whatever answers it.
    """
    require_recent_proof(actor, now=now)
    name = _clean_name(name)
    try:
        challenge = claim_of(answer).challenge
    except AnswerNotValid:
        raise PasskeyNotMade from None
    with unit_of_work():
        is_ours = use_up_challenge(challenge, PasskeyPurpose.REGISTER, person, now=now)
    if not is_ours:
        raise PasskeyNotMade
    try:
        made = verify_new_credential(answer, party, challenge)
    except AnswerNotValid:
        raise PasskeyNotMade from None
    with unit_of_work():
        locked(person)
        if len(passkeys_of(person)) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        passkey = Passkey(
            person_id=person.id,
            name=name,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=made.transports,
            backed_up=made.backed_up,
            created_at=now,
        )
        db.session.add(passkey)
        flush_or_refuse({"passkey.credential_id": PasskeyKnown})
        record_event("person.passkey_added", person, actor=actor, now=now, after={"name": name})
        tell(person, "factors_changed", now=now, what=Sentence("A passkey was added: %(name)s.", name=name))
    return passkey


def rename_passkey(passkey: Passkey, name: str, *, actor: Actor, now: dt.datetime) -> Passkey:
    """Call it something else. Refused: PasskeyNameMissing."""
    require_recent_proof(actor, now=now)
    before, passkey.name = passkey.name, _clean_name(name)
    db.session.flush()
    if passkey.name != before:
        person = db.session.get_one(Person, passkey.person_id)
        old, new = {"name": before}, {"name": passkey.name}
        record_event("person.passkey_renamed", person, actor=actor, now=now, before=old, after=new)
    return passkey


def remove_passkey(passkey: Passkey, session: SignInSession | None, *, actor: Actor, now: dt.datetime) -> Person:
    """Let a passkey work no more; all other sessions of the person end. Refused: LastPasskeyStays."""
    require_recent_proof(actor, now=now)
    person = locked(db.session.get_one(Person, passkey.person_id))
    if person.passkey_only and len(passkeys_of(person)) == 1:
        raise LastPasskeyStays
    name = passkey.name
    db.session.execute(delete(Passkey).where(Passkey.id == passkey.id))
    forget_recovery_codes_of_nothing(person)
    end_sessions(person.id, SessionEnd.FACTOR_RESET, now=now, keep=session)
    record_event("person.passkey_removed", person, actor=actor, now=now, before={"name": name})
    tell(person, "factors_changed", now=now, what=Sentence("A passkey was removed: %(name)s.", name=name))
    return person


def set_passkey_only(person: Person, wanted: bool, *, actor: Actor, now: dt.datetime) -> Person:
    """Take no password at sign-in any more, or take it again. Refused: PasskeyMissing."""
    require_recent_proof(actor, now=now)
    locked(person)
    if wanted is person.passkey_only:
        return person
    if wanted and not passkeys_of(person):
        raise PasskeyMissing
    person.passkey_only = wanted
    person.version += 1
    db.session.flush()
    event = "person.passkey_only_enabled" if wanted else "person.passkey_only_disabled"
    what = Sentence("The password is taken at sign-in again.")
    if wanted:
        what = Sentence("Only passkeys are taken at sign-in, no password.")
    record_event(event, person, actor=actor, now=now)
    tell(person, "factors_changed", now=now, what=what)
    return person


def _clean_name(name: str) -> str:
    cleaned = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in name)).strip()
    if not cleaned:
        raise PasskeyNameMissing
    return cleaned[:LONGEST_NAME]
