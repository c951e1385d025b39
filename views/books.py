"""The books: every invariant with the rows that break it, and the closing of months (SPEC D15)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.money import minor_to_text
from domain.permissions import P
from models import MonthClose
from panel import RealmPage, Visit
from panel.addresses import address
from panel.form import Form
from services.books_checks import ask_for_check, ask_to_close, is_at_work, last_check, last_close
from services.month_close import closed_months, next_month_to_close
from services.unit_of_work import unit_of_work
from views.locale import flash, said
from views.moments import moment_text

LOOKS_AGAIN_SECONDS = 3
_SLUGS = {
    "invoice": "invoices",
    "credit_note": "credit-notes",
    "payment": "payments",
    "account": "accounts",
    "customer_order": "orders",
}


class BooksPage(RealmPage):
    """Looked at by a job, because it reads every row; the page says when."""

    slug, title = "books", "Books"
    group, icon = "Money", "journal-check"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.STAFF_BOOKS_READ,
        "check": P.STAFF_BOOKS_READ,
        "close": P.STAFF_BOOKS_CLOSE,
    }

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(P.STAFF_BOOKS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What the last look found."""
        visit, checked, tried = self.visit, last_check(), last_close()
        at_work = is_at_work()
        page = render_template(
            "pages/books/books.html",
            layout=self.realm.layout,
            visit=visit,
            title=self.title,
            checked_at=moment_text(visit, checked.at) if checked is not None else "",
            invariants=[
                {"name": name, "rows": [self._row(*row) for row in rows]} for name, rows in checked.found.items()
            ]
            if checked is not None
            else [],
            at_work=at_work,
            refused=tried["refused"] if tried else "",
            refused_month=tried["month"] if tried else "",
            next_month=next_month_to_close(now=self.hooks.now()),
            months=[self._month(row) for row in closed_months()],
            may_close=visit.allows(P.STAFF_BOOKS_CLOSE),
            form=Form(),
            url=f"{visit.base_url}/books",
        )
        answer = make_response(page)
        if at_work:
            answer.headers["Refresh"] = str(LOOKS_AGAIN_SECONDS)
        return answer

    @expose("/check", methods=("POST",))
    def check(self) -> ResponseReturnValue:
        """Ask for another look."""
        with unit_of_work():
            ask_for_check(actor=self.visit.actor, now=self.hooks.now())
        return self._back()

    @expose("/close", methods=("POST",))
    def close(self) -> ResponseReturnValue:
        """Ask for the closing of a month."""
        month = request.form.get("month", "")[:7]
        with unit_of_work():
            ask_to_close(month, actor=self.visit.actor, now=self.hooks.now())
        flash("The month is being closed: the books are checked first.", "info")
        return self._back()

    def _back(self) -> ResponseReturnValue:
        return redirect(f"{self.visit.base_url}/books/", code=303)

    def _row(self, table: str, key: str, detail: str) -> dict[str, str]:
        slug, name = _SLUGS.get(table, ""), key
        if table == "ledger_account" and "/" in key and key.partition("/")[0].isdigit():
            slug, name = "accounts", key.partition("/")[0]
        url = f"{self.visit.base_url}/{slug}/{address(name)}" if slug else ""
        return {"key": key, "detail": said(detail), "url": url}

    def _month(self, row: MonthClose) -> dict[str, Any]:
        totals = [
            f"{kind.replace('_', ' ').capitalize()} {minor_to_text(amount, currency)} {currency}"
            for currency, kinds in row.totals.items()
            for kind, amount in kinds.items()
        ]
        return {"month": row.month, "at": moment_text(self.visit, row.closed_at), "totals": totals}
