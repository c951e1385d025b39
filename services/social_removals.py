"""Connected accounts of other houses are taken away when somebody else resets a person's ways in.

Whoever got hold of a sign-in may have connected an account of theirs: it must not outlive the reset.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete

from domain.actor import Actor
from extensions import db
from models.identity import SocialIdentity
from models.person import Person
from services.audit import record_event


def disconnect_all(person: Person, *, actor: Actor, now: dt.datetime, account_id: int | None = None) -> int:
    """Disconnect every account of another house; give their number. The caller tells the person."""
    gone = db.session.execute(
        delete(SocialIdentity)
        .where(SocialIdentity.person_id == person.id)
        .returning(SocialIdentity.issuer, SocialIdentity.subject, SocialIdentity.email)
        .execution_options(synchronize_session=False)
    ).all()
    for issuer, subject, email in gone:
        before = {"issuer": issuer, "subject": subject, "email": email}
        record_event("person.identity_unbound", person, actor=actor, now=now, account_id=account_id, before=before)
    return len(gone)
