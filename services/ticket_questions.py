"""The questions of ticket types, as staff set them up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from domain.actor import Actor
from domain.refusals import Refusal
from models.ticket_type import TicketField, TicketFieldKind
from services.records import create_record, delete_record, edit_record

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class KeyNotUsable(Refusal):
    message = "Enter a key of small letters, digits and _, like call_back."
    fields: Final = {"key": message}


class ChoicesMissing(Refusal):
    message = "Enter at least two choices, separated by commas."
    fields: Final = {"choices": message}


class LongestNotPositive(Refusal):
    message = "Enter a number above zero, or nothing."
    fields: Final = {"max_length": message}


def add_question(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> TicketField:
    """Let a type ask one more thing. Refused: KeyNotUsable, ChoicesMissing, LongestNotPositive, RecordExists."""
    if not _KEY.fullmatch(values["key"]):
        raise KeyNotUsable
    _check(values["kind"], values.get("choices") or [], values.get("max_length"))
    return create_record(TicketField, values, actor=actor, now=now)


def edit_question(field: TicketField, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> TicketField:
    """Ask it in another way. Refused: ChoicesMissing, LongestNotPositive."""
    after = {name: changes.get(name, getattr(field, name)) for name in ("kind", "choices", "max_length")}
    _check(after["kind"], after["choices"] or [], after["max_length"])
    return edit_record(field, changes, actor=actor, now=now)


def remove_question(field: TicketField, *, actor: Actor, now: dt.datetime) -> TicketField:
    """Ask it no more. Tickets keep the answers that were given."""
    return delete_record(field, actor=actor, now=now)


def _check(kind: TicketFieldKind, choices: list[str], max_length: int | None) -> None:
    if kind is TicketFieldKind.CHOICE and len(set(choices)) < 2:
        raise ChoicesMissing
    if max_length is not None and max_length <= 0:
        raise LongestNotPositive
