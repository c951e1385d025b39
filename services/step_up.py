"""Asking again: sensitive acts want a recent proof of who acts, through whichever door they come (SPEC A3)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.actor import Actor

PROOF_LASTS: Final = dt.timedelta(minutes=15)


class ProofNeeded(Exception):
    """The last proof is too old. No refusal: the door asks for a new one and lets the act be tried again."""


def require_recent_proof(actor: Actor, *, now: dt.datetime) -> None:
    """Raise ProofNeeded unless the person proved who they are within 15 minutes.

    Call it first in a sensitive act. Jobs, imports and commands act for no person and have nothing to prove.
    """
    if actor.person_id is not None and not proof_is_recent(actor.proved_at, now=now):
        raise ProofNeeded


def proof_is_recent(proved_at: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Whether a proof made then still counts. One from the future (a clock was set back) does."""
    return proved_at is not None and now - proved_at <= PROOF_LASTS
