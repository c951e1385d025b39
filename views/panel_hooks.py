"""What the generator is handed: our session, services, refusals, clock, money and colours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.orm import Session, scoped_session

from domain.currencies import EXPONENTS
from domain.money import exponent_of
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models.base import AccountOwned
from panel import Hooks, Visit
from services import audit, records
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work
from views.clock import now
from views.history import timeline
from views.listed import LISTS
from views.money import format_money
from views.saved_views import layout_of
from views.tones import tone_of


def write_audit(visit: Visit, event: str, details: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Record what left the house by an export."""
    audit.record_export(details, account_id=visit.owner_id, actor=visit.actor, now=now)


def currency_of(visit: Visit) -> str:
    """The account's currency, for amounts whose row names none."""
    return getattr(visit.context, "currency", "") or ""


def ask_for_proof(visit: Visit) -> None:
    """Raise ProofNeeded when the visitor's last proof is too old; views/step_up.py answers it."""
    require_recent_proof(visit.actor, now=now())


def make_hooks() -> Hooks:
    """The hooks of both realms."""
    return Hooks(
        session=cast("scoped_session[Session]", db.session),
        engine=lambda: db.engine,
        unit_of_work=unit_of_work,
        owned=AccountOwned,
        owner_column="account_id",
        refusals=Refusal,
        now=now,
        create=records.create_record,
        edit=records.edit_record,
        delete=records.delete_record,
        audit=write_audit,
        grants=frozenset(permission.value for permission in P),
        timeline=timeline,
        format_money=format_money,
        exponent=exponent_of,
        currencies=tuple(EXPONENTS),
        currency=currency_of,
        tone=tone_of,
        layout=layout_of,
        lists=LISTS,
        prove=ask_for_proof,
    )
