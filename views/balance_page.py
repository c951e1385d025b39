"""What an account may still spend and how it adds up, with what is not billed yet and what is reserved (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from babel.dates import format_date
from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.sentences import Sentence
from panel import RealmPage, Visit
from services.credit_reservations import held_reservations
from services.unbilled import unbilled_charges
from services.usable_credit import figures_of
from views.credit_figures import figures_in_words
from views.locale import said
from views.moments import moment_text
from views.money import format_money


class BalancePage(RealmPage):
    """Read by those whose roles cover the account's money."""

    slug, title = "balance", "Balance"
    group, icon = "Money", "wallet2"
    verbs: ClassVar[dict[str, str]] = {"index": P.STATEMENTS_READ}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is not None and visit.allows(P.STATEMENTS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        visit, account_id = self.visit, self.visit.owner_id
        if account_id is None:
            abort(404)
        figures = figures_of(account_id, day=self.hooks.now().date())
        charges, reservations = unbilled_charges(account_id), held_reservations(account_id)
        return render_template(
            "pages/account/balance.html",
            layout=self.realm.layout,
            visit=visit,
            title=self.title,
            mode=figures.mode.value,
            figures=figures_in_words(figures, visit),
            charges=[
                {
                    "title": each.description,
                    "note": self._date(each.used_on),
                    "side": format_money(each.total, each.currency, visit.locale),
                }
                for each in charges
            ],
            reservations=[self._reservation(each) for each in reservations],
            funds_url=f"{visit.base_url}/pay/funds" if visit.allows(P.FUNDS_ADD) else "",
        )

    def _reservation(self, held: Any) -> dict[str, Any]:
        moment = moment_text(self.visit, held.expires_at)
        return {
            "title": held.purpose,
            "note": said(Sentence("Returned by itself %(moment)s unless it is spent", moment=moment)),
            "side": format_money(held.amount, held.currency, self.visit.locale),
        }

    def _date(self, day: dt.date) -> str:
        return format_date(day, "medium", locale=self.visit.locale)
