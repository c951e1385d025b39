"""The PDF of an invoice, credit note or payment, for whoever may read the record."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms.validators import InputRequired

from domain.permissions import P
from extensions import db
from models import Account, DocumentKind
from panel import Action, Banner, RealmPage, Visit, lead
from panel.addresses import address
from panel.fields import DayField
from panel.form import Form
from panel.forms import errors_of
from services.accounts import account_named
from services.documents import document_named, document_of
from services.statement_papers import statement_pdf
from views.month_packs import month_pack_banner

_LONGEST_NUMBER = 40


class DaysForm(Form):
    """The first and the last day, both included."""

    first = DayField("From", [InputRequired("Enter the first day.")], name="from")
    last = DayField("To", [InputRequired("Enter the last day.")], name="to")


def statement_banners(visit: Visit) -> list[Banner]:
    """Lead from the list of lines to the paper, and to month packs."""
    packs = month_pack_banner(visit)
    if visit.owner_id is None:
        return packs
    return [
        Banner("A statement of any days as a PDF.", f"{visit.base_url}/papers/statement", "Choose the days"),
        *packs,
    ]


def download(kind: DocumentKind, label: str, grant: P, *, when: Any) -> Action:
    """The button of a record that gives its PDF."""
    path = kind.value.replace("_", "-")
    return lead(
        label,
        lambda row: f"papers/{path}/{address(row.number)}.pdf",
        name="pdf",
        grant=grant,
        when=when,
        why_not="There is no document of this yet.",
    )


class PaperPage(RealmPage):
    """``papers/<kind>/<number>.pdf``: scoped as the record is, and always saved, never shown inside a page."""

    slug, title = "papers", "Documents"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.INVOICES_READ,
        "invoice": P.INVOICES_READ,
        "credit_note": P.CREDIT_NOTES_READ,
        "receipt": P.PAYMENTS_READ,
        "statement": P.STATEMENTS_READ,
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Flask-Admin wants a page of every view to begin at; there is none here."""
        abort(404)

    @expose("/invoice/<number>.pdf")
    def invoice(self, number: str) -> ResponseReturnValue:
        return self._file(DocumentKind.INVOICE, number)

    @expose("/credit-note/<number>.pdf")
    def credit_note(self, number: str) -> ResponseReturnValue:
        return self._file(DocumentKind.CREDIT_NOTE, number)

    @expose("/receipt/<number>.pdf")
    def receipt(self, number: str) -> ResponseReturnValue:
        return self._file(DocumentKind.RECEIPT, number)

    @expose("/statement")
    def statement(self) -> ResponseReturnValue:
        """Ask for the days; with them in the address, the file."""
        today = self.hooks.now().astimezone(self.visit.time_zone).date()
        account = self._account()
        form = DaysForm(request.args or None, meta={"csrf": False})
        if "from" in request.args or "to" in request.args:
            if form.validate() and isinstance(form.first.data, dt.date) and isinstance(form.last.data, dt.date):
                first, last = form.first.data, form.last.data
                answer = Response(statement_pdf(account, first, last), mimetype="application/pdf")
                name = f"statement-{account.client_id}-{first}-{last}.pdf"
                answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
                return answer
            return self._days_page(account, form, errors_of(form)), 422
        form.first.data, form.last.data = today.replace(day=1), today
        return self._days_page(account, form, [])

    def _days_page(self, account: Account, form: DaysForm, errors: list[tuple[str, str]]) -> str:
        base = self.visit.base_url
        return render_template(
            "pages/pay/statement.html",
            layout=self.realm.layout,
            visit=self.visit,
            title="Statement",
            account=account,
            form=form,
            errors=errors,
            url=f"{base}/papers/statement",
            list_url=f"{base}/statements/",
            staff=self.visit.owner_id is None,
        )

    def _account(self) -> Account:
        """One's own; in the back office the one that the address names."""
        if self.visit.owner_id is not None:
            return db.session.get_one(Account, self.visit.owner_id)
        typed = request.args.get("account", "")
        account = account_named(typed) if typed and "\0" not in typed else None
        if account is None:
            abort(404)
        return account

    def _file(self, kind: DocumentKind, number: str) -> ResponseReturnValue:
        document = document_named(kind, number) if len(number) <= _LONGEST_NUMBER and "\0" not in number else None
        if document is None or self.visit.owner_id not in (None, document.account_id):
            abort(404)
        stored = document_of(document, now=self.hooks.now())  # what it refuses has an error page of its own
        answer = Response(stored.content, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'attachment; filename="{stored.name}"'
        answer.headers["ETag"] = f'"{stored.sha256}"'
        return answer
