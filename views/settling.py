"""What the pages that order say where a postpaid account has to pay first, instead of on its next invoice."""

from __future__ import annotations

from services.buying_on_credit import Settled

FIRST_BECAUSE = {
    Settled.CREDIT_TOO_LOW: (
        "Your credit does not cover this, so it cannot wait for your next invoice: it is paid first."
    ),
    Settled.NOT_YOURS: (
        "Only members who may pay so much alone put it on the next invoice, so an invoice of its own is paid first."
    ),
}
"""Said to members. Prepaid accounts always pay first, so they are told nothing."""

FIRST_BECAUSE_OF_THEIRS = {
    Settled.CREDIT_TOO_LOW: (
        "Their credit does not cover this, so it cannot wait for their next invoice: it is paid first."
    ),
}
"""Said to staff, who act for the house."""
