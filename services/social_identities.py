"""Identities of other houses: connected and disconnected by their person, and a way to sign in.

The identity is issuer and subject. The e-mail address another house names is shown and nothing else: nobody is found by
it, so whoever can make such an address elsewhere gains nothing here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, exists, select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from integrations.openid import OpenIdProvider, ProvedIdentity
from models.identity import SocialIdentity
from models.person import Person
from models.second_factor import Passkey
from models.sign_in import SignInDoor
from services import social_providers
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.locks import locked
from services.notifications import tell
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.sessions import Browser, Lifetime
from services.sign_in import Entry, SignInRefused, let_in, refuse_from_elsewhere
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work

_LONGEST_EMAIL = 254


class IdentityNotConnected(SignInRefused):
    """The same whether nobody connected it, or its person may not come in, or not in this way."""

    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence(
                "Nobody can be signed in by this %(label)s account. Sign in as you usually do, with your "
                "password or passkey, then connect it in your settings under Sign-in methods.",
                label=label,
            )
        )


class IdentityTaken(Refusal):
    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence(
                "This %(label)s account is connected to another sign-in here. Disconnect it there first.", label=label
            )
        )


class AlreadyConnected(Refusal):
    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence("You have connected another %(label)s account already. Disconnect that one first.", label=label)
        )


class OnlyWayIn(Refusal):
    message = "This is your only way to sign in. Set a password or add a passkey first, then disconnect it."


def identity_of(person_id: int, public_id: str) -> SocialIdentity | None:
    """One of the identities a person has connected."""
    mine = select(SocialIdentity).where(SocialIdentity.person_id == person_id, SocialIdentity.public_id == public_id)
    return db.session.scalar(mine)


def identities_of(person_id: int) -> Sequence[SocialIdentity]:
    """What a person has connected, the oldest first."""
    mine = select(SocialIdentity).where(SocialIdentity.person_id == person_id)
    return db.session.scalars(mine.order_by(SocialIdentity.id)).all()


def check_may_connect(*, actor: Actor, now: dt.datetime) -> None:
    """Ask before the way to the other house what is asked after it. Refused: NotWhileLoggedInAs; ProofNeeded."""
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)


def bind_identity(
    person: Person,
    proved: ProvedIdentity,
    label: str,
    *,
    actor: Actor,
    now: dt.datetime,
    attempt_id: int | None = None,
) -> SocialIdentity:
    """Connect a proved identity to the person, who is told by mail. Connecting the same one again changes nothing.

    ``attempt_id`` is the try that prove_identity counted.

    Refused: IdentityTaken, AlreadyConnected, NotWhileLoggedInAs; ProofNeeded.
    """
    check_may_connect(actor=actor, now=now)
    locked(person)
    if attempt_id is not None:
        take_back(attempt_id)
    held = _find(proved)
    if held is not None:
        if held.person_id != person.id:
            raise IdentityTaken(label)
        return held
    if any(each.issuer == proved.issuer for each in identities_of(person.id)):
        raise AlreadyConnected(label)
    identity = SocialIdentity(
        person_id=person.id,
        issuer=proved.issuer,
        subject=proved.subject,
        email=_shown(proved.email),
        created_at=now,
    )
    db.session.add(identity)
    flush_or_refuse({"social_identity.subject": _TakenMeanwhile})
    record_event("person.identity_bound", person, actor=actor, now=now, after=_said(identity))
    tell(person, "identity_connected", now=now, provider=label, identity=identity.email or "")
    return identity


def unbind_identity(identity: SocialIdentity, person: Person, label: str, *, actor: Actor, now: dt.datetime) -> None:
    """Disconnect an identity of the person, who is told by mail.

    Refused: OnlyWayIn, NotWhileLoggedInAs; ProofNeeded.
    """
    check_may_connect(actor=actor, now=now)
    locked(person)
    if not _has_another_way_in(person, identity):
        raise OnlyWayIn
    before = _said(identity)
    mine = delete(SocialIdentity).where(SocialIdentity.id == identity.id, SocialIdentity.person_id == person.id)
    gone = db.session.execute(mine.returning(SocialIdentity.id).execution_options(synchronize_session=False)).all()
    if not gone:
        return  # a second click
    db.session.expunge(identity)
    record_event("person.identity_unbound", person, actor=actor, now=now, before=before)
    tell(person, "identity_disconnected", now=now, provider=label, identity=before["email"] or "")


def prove_identity(
    provider: OpenIdProvider,
    code: str,
    browser: Browser,
    *,
    named_issuer: str | None,
    verifier: str,
    nonce: str,
    now: dt.datetime,
) -> tuple[ProvedIdentity, int]:
    """Ask the provider who came back; give the identity, and the try to take back once it was of use.

    The try is counted and committed before the provider is asked, and no transaction is open meanwhile. Refused:
    TooManyAttempts, ProviderNotReached, IdentityNotProved.
    """
    with unit_of_work():
        # Who it is is not known yet: it counts for the place only, since no two journeys have the same verifier.
        attempt_id = count_attempt(verifier, ip=browser.ip, door=SignInDoor.SOCIAL, now=now)
    proved = social_providers.arrive(provider, code, named_issuer=named_issuer, verifier=verifier, nonce=nonce, now=now)
    return proved, attempt_id


def sign_in_with_identity(
    proved: ProvedIdentity,
    attempt_id: int,
    label: str,
    browser: Browser,
    *,
    now: dt.datetime,
    lifetime: Lifetime,
) -> Entry:
    """Start a session for the person who connected this identity; a second step is still asked of who has one.

    Opens its own units of work. Refused: NetworkNotAllowed, and IdentityNotConnected, which is the same for whoever may
    not come in this way.
    """
    known = _find(proved)
    if known is None:
        raise IdentityNotConnected(label)
    refuse_from_elsewhere(known.person_id, browser, now=now)
    try:
        with unit_of_work():
            identity = _find(proved)  # again: it may have been disconnected a moment ago
            if identity is None:
                raise IdentityNotConnected(label)
            entry = let_in(identity.person_id, browser, now=now, lifetime=lifetime)
            identity.last_used_at, identity.email = now, _shown(proved.email) or identity.email
            take_back(attempt_id)
    except SignInRefused:
        raise IdentityNotConnected(label) from None
    return entry


class _TakenMeanwhile(Refusal):
    message = "This account was connected to another sign-in a moment ago. Reload the page."


def _find(proved: ProvedIdentity) -> SocialIdentity | None:
    return db.session.scalar(
        select(SocialIdentity).where(SocialIdentity.issuer == proved.issuer, SocialIdentity.subject == proved.subject)
    )


def _has_another_way_in(person: Person, identity: SocialIdentity) -> bool:
    if person.password_hash is not None:
        return True
    passkey = exists().where(Passkey.person_id == person.id)
    another = exists().where(SocialIdentity.person_id == person.id, SocialIdentity.id != identity.id)
    return bool(db.session.scalar(select(passkey | another)))


def _shown(email: str | None) -> str | None:
    """What may be shown of the address another house names."""
    return email if email and email.isprintable() and len(email) <= _LONGEST_EMAIL else None


def _said(identity: SocialIdentity) -> dict[str, str | None]:
    return {"issuer": identity.issuer, "subject": identity.subject, "email": identity.email}
