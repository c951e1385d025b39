"""What the pages that order say of how an order is settled: on the next invoice, or why an invoice is paid first."""

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
"""Said to postpaid accounts alone: prepaid ones always pay first."""
