"""The banner in a portal: what is overdue, what comes of it, and accounts of the person that are suspended."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from flask import g, request

from domain.money import minor_to_text
from domain.permissions import P
from models.account import SuspensionCause
from panel import Visit
from services.debts import Debt, debts_seen
from views.clock import now


def debt_banner(visit: Visit) -> list[dict[str, Any]]:
    """What templates/components/debt_banner.html shows, the worst first. Asked once in a request.

    Without a role that covers money one learns only that an account is suspended.
    """
    if "debt_banner" not in g:
        g.debt_banner = _banner(visit)
    kept: list[dict[str, Any]] = g.debt_banner
    return kept


def _banner(visit: Visit) -> list[dict[str, Any]]:
    here = visit.context
    if visit.owner_id is None:
        return []
    others = None if here.is_preview else visit.actor.person_id  # a preview shows what the member would see
    debts = debts_seen(visit.owner_id, others, now=now())
    shown = [_suspended(debt) for debt in debts if debt.suspended_for is not None]
    return shown + [
        _overdue(debt, visit)
        for debt in debts
        if debt.account_id == visit.owner_id and debt.invoices and visit.allows(P.INVOICES_READ)
    ]


def _overdue(debt: Debt, visit: Visit) -> dict[str, Any]:
    """What is overdue in this account, with the way to pay it for who may."""
    what = f"{_invoices(debt)} overdue: {_amount(debt)}."
    pay_url = f"{visit.base_url}/pay/"
    link: dict[str, Any] = {}
    if not request.path.startswith(pay_url):
        may_pay = visit.allows(P.INVOICES_PAY)
        link = {
            "url": pay_url if may_pay else f"{visit.base_url}/invoices/",
            "label": "Pay now" if may_pay else "See the invoices",
            "pays": may_pay,
        }
    if debt.suspended_on is None:
        return {"tone": "warning", "title": what, "words": "", **link}
    until = format_date(debt.suspended_on, "long", locale=visit.locale)
    words = f"If it stays so, this account is suspended on {until}: nobody of it can sign in then."
    return {"tone": "danger", "title": f"Final warning. {what}", "words": words, **link}


def _suspended(debt: Debt) -> dict[str, Any]:
    """An account that cannot be entered: the fact, and for who reads its invoices what is off and how it is lifted."""
    said = {"tone": "danger", "title": f"{debt.account_name} ({debt.client_id}) is suspended.", "words": ""}
    if not debt.reads_invoices:
        return said
    off = "Nobody of it can sign in and its subscriptions do not renew."
    if debt.suspended_for is not SuspensionCause.DEBT:
        lifted = "Ask us to lift it."
    elif debt.amount:
        lifted = (
            f"It is lifted by itself when {_amount(debt)} of overdue invoices are paid: by bank transfer"
            f" with the client ID {debt.client_id} as the reference."
        )
    else:
        lifted = "Its invoices are paid, so it is lifted within minutes."
    return {**said, "words": f"{off} {lifted}"}


def _invoices(debt: Debt) -> str:
    return "1 invoice is" if debt.invoices == 1 else f"{debt.invoices} invoices are"


def _amount(debt: Debt) -> str:
    return f"{minor_to_text(debt.amount, debt.currency)} {debt.currency}"
