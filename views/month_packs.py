"""Month packs: asked for by who reads the payments, made by a job, saved through a link that expires."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from urllib.parse import urlencode

from babel.dates import format_date
from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from domain.periods import month_named
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Account
from panel import Banner, RealmPage, Visit
from panel.form import Form
from panel.forms import errors_of
from services.accounts import account_named
from services.month_packs.asking import (
    MadePack,
    ask_for_pack,
    is_at_work,
    last_refusal,
    months_offered,
    packs_of,
)
from services.month_packs.links import LinkExpired, LinkUnknown, open_link
from services.month_packs.making import CONTENT_TYPE
from services.unit_of_work import unit_of_work
from views.errors import error_page
from views.locale import flash, said
from views.moments import moment_text

LOOKS_AGAIN_SECONDS = 3


class MonthForm(Form):
    """The month."""

    month = SelectField("Month", [InputRequired("Choose a month.")], choices=[])


def month_pack_banner(visit: Visit) -> list[Banner]:
    """Leads from the statements to the packs."""
    if not visit.allows(P.PAYMENTS_READ):
        return []
    return [
        Banner(
            "A month for the bookkeeper: all documents in one file.", f"{visit.base_url}/month-packs/", "Month packs"
        )
    ]


class MonthPackPage(RealmPage):
    """One page in both realms; staff name the account."""

    slug, title = "month-packs", "Month packs"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.PAYMENTS_READ,
        "ask": P.PAYMENTS_READ,
        "file": P.PAYMENTS_READ,
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Choose a month, and save what is ready."""
        account = self._account(request.args.get("account", ""))
        if account is None:
            return self._account_page()
        return self._page(account, self._form(account), [])

    @expose("/ask", methods=("POST",))
    def ask(self) -> ResponseReturnValue:
        """Let a job make it."""
        account = self._account(request.form.get("account", ""))
        if account is None:
            abort(404)
        form = self._form(account)
        if not form.validate():
            return self._page(account, form, errors_of(form))
        try:
            with unit_of_work():
                ask_for_pack(
                    account,
                    str(form.month.data),
                    in_portal=self.visit.owner_id is not None,
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                )
        except Refusal as refusal:
            return self._page(account, form, [("month", refusal.message)])
        flash("The month pack is being made. A mail with its link comes once it is ready.", "info")
        return redirect(self._url(account), code=303)

    @expose("/file/<key>")
    def file(self, key: str) -> ResponseReturnValue:
        """The pack, as long as its link works."""
        try:
            with unit_of_work():
                pack = open_link(key, account_id=self.visit.owner_id, actor=self.visit.actor, now=self.hooks.now())
        except LinkUnknown as refusal:
            return error_page(404, refusal.message)
        except LinkExpired as refusal:
            return error_page(410, refusal.message)
        answer = Response(pack.content, mimetype=CONTENT_TYPE)
        answer.headers["Content-Disposition"] = f'attachment; filename="{pack.name}"'
        return answer

    def _page(self, account: Account, form: MonthForm, errors: list[tuple[str, str]]) -> Response:
        actor, now = self.visit.actor, self.hooks.now()
        at_work = is_at_work(account, actor=actor)
        page = render_template(
            "pages/month_packs/index.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            account=account,
            staff=self.visit.owner_id is None,
            form=form,
            errors=errors,
            at_work=at_work,
            refused="" if at_work else last_refusal(account, actor=actor),
            packs=[self._pack(pack) for pack in packs_of(account, now=now)],
            url=f"{self.visit.base_url}/month-packs/",
            list_url=f"{self.visit.base_url}/statements/",
        )
        answer = make_response(page, 422 if errors else 200)
        if at_work and not errors:
            answer.headers["Refresh"] = str(LOOKS_AGAIN_SECONDS)
        return answer

    def _account_page(self) -> ResponseReturnValue:
        typed = request.args.get("account", "")
        missing = [("account", "There is no such account. Enter its client ID or its whole name.")] if typed else []
        page = render_template(
            "pages/month_packs/account.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            typed=typed,
            errors=missing,
            url=f"{self.visit.base_url}/month-packs/",
            list_url=f"{self.visit.base_url}/statements/",
        )
        return make_response(page, 422 if missing else 200)

    def _form(self, account: Account) -> MonthForm:
        form = MonthForm()
        months = months_offered(account, today=self.hooks.now().date())
        form.month.choices = [SelectChoice(f"{month.first:%Y-%m}", self._name(month.first)) for month in months]
        return form

    def _pack(self, pack: MadePack) -> dict[str, str]:
        month = month_named(pack.month)
        return {
            "title": self._name(month.first) if month is not None else pack.month,
            "url": f"{self.visit.base_url}/month-packs/file/{pack.link}",
            "note": said(Sentence("Made %(moment)s", moment=moment_text(self.visit, pack.made_at))),
            "side": said(Sentence("Until %(moment)s", moment=moment_text(self.visit, pack.expires_at))),
        }

    def _name(self, day: dt.date) -> str:
        return str(format_date(day, "LLLL yyyy", locale=self.visit.locale))

    def _account(self, typed: str) -> Account | None:
        """One's own; in the back office the one that the address or the form names."""
        if self.visit.owner_id is not None:
            return db.session.get_one(Account, self.visit.owner_id)
        return account_named(typed) if typed and "\0" not in typed else None

    def _url(self, account: Account) -> str:
        query = f"?{urlencode({'account': account.client_id})}" if self.visit.owner_id is None else ""
        return f"{self.visit.base_url}/month-packs/{query}"
