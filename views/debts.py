"""The banner in a portal: what is overdue, what comes of it, and accounts of the person that are suspended."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from flask import g, request

from domain.permissions import P
from domain.sentences import Amount, Sentence, counted, joined
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
    what = counted(
        "1 invoice is overdue: %(amount)s.",
        "%(count)s invoices are overdue: %(amount)s.",
        debt.invoices,
        amount=Amount(debt.amount, debt.currency),
    )
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
    words = Sentence(
        "If it stays so, this account is suspended on %(until)s: nobody of it can sign in then.", until=until
    )
    return {"tone": "danger", "title": Sentence("Final warning. %(what)s", what=what), "words": words, **link}


def _suspended(debt: Debt) -> dict[str, Any]:
    """An account that cannot be entered: the fact, and for who reads its invoices what is off and how it is lifted."""
    said = {
        "tone": "danger",
        "title": Sentence(
            "%(account_name)s (%(client_id)s) is suspended.", account_name=debt.account_name, client_id=debt.client_id
        ),
        "words": "",
    }
    if not debt.reads_invoices:
        return said
    off = Sentence("Nobody of it can sign in and its subscriptions do not renew.")
    if debt.suspended_for is not SuspensionCause.DEBT:
        lifted = Sentence("Ask us to lift it.")
    elif debt.amount:
        lifted = Sentence(
            "It is lifted by itself when %(amount)s of overdue invoices are paid: by bank transfer with the "
            "client ID %(client_id)s as the reference.",
            amount=Amount(debt.amount, debt.currency),
            client_id=debt.client_id,
        )
    else:
        lifted = Sentence("Its invoices are paid, so it is lifted within minutes.")
    return {**said, "words": joined([off, lifted])}
