"""Why this amount? Every line of an invoice in a sentence, as it was kept at the issue (SPEC D4)."""

from __future__ import annotations

import datetime as dt

from markupsafe import escape

from models import Invoice
from panel import DetailsField, Facts, Visit
from services.explanations import explanations_of
from views.locale import said


def why_this_amount(_visit: Visit, invoice: Invoice, _now: dt.datetime) -> list[Facts]:
    """One box; none where no line kept an explanation."""
    told = [
        DetailsField(f"line-{place}", description, "text", escape(said(why)))
        for place, (description, why) in enumerate(explanations_of(invoice), start=1)
        if why
    ]
    return [Facts("Why this amount?", told)] if told else []
