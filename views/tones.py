"""The colour of a choice beside its word: one table for every badge in the house."""

from __future__ import annotations

import enum
from typing import Any

_SUCCESS = (
    "active enabled paid settled solved verified published done delivered sent live succeeded accepted approved used"
)
_WARNING = (
    "unpaid partially_paid pending being_checked waiting_for_support waiting_for_customer invited expired high "
    "queued retrying trial held scheduled not_verified asked requested proposed waiting"
)
_DANGER = "overdue failed suspended suspended_for_deletion urgent rejected blocked dead declined"
_INFO = "open draft running issued refunded partially_refunded"
_MUTED = "not_activated void terminated archived disabled deleted cancelled withdrawn retired released low stock closed"

_TONES = {
    word: tone
    for tone, words in (
        ("success", _SUCCESS),
        ("warning", _WARNING),
        ("danger", _DANGER),
        ("info", _INFO),
        ("muted", _MUTED),
    )
    for word in words.split()
}


def tone_of(value: Any) -> str:
    """The tone of a choice's value: success, warning, danger, info, muted, or "" for one that is only a kind."""
    return _TONES.get(value.value if isinstance(value, enum.Enum) else str(value), "")
