"""Leave this account: everybody but the owner gives their own seat up, after they were asked."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Member
from panel import EVERYONE, RealmPage
from panel.form import Form
from services.portal_access import leave_account
from services.unit_of_work import unit_of_work
from views.locale import flash


class LeaveForm(Form):
    """Nothing but the token that shows that the form came from our page."""


class LeavePage(RealmPage):
    """Asks, then lets go of the seat."""

    slug, title = "leave", "Leave this account"
    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE}

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        member_id = self.visit.actor.member_id
        member = db.session.get(Member, member_id) if member_id is not None else None
        if member is None:
            abort(404)
        form, errors, status = LeaveForm(), [], 200
        if form.is_submitted():
            if not form.validate():
                errors, status = [("", "This page was open too long. Try again.")], 422
            else:
                try:
                    with unit_of_work():
                        leave_account(member, actor=self.visit.actor, now=self.hooks.now())
                    flash(
                        Sentence("You left %(account_name)s.", account_name=self.visit.context.account_name), "success"
                    )
                    return redirect("/", code=303)
                except Refusal as refusal:
                    errors, status = [("", refusal.message)], 409
        page = render_template(
            "pages/leaving/leave.html",
            layout=self.realm.layout,
            visit=self.visit,
            account_name=self.visit.context.account_name,
            form=form,
            errors=errors,
            url=f"{self.visit.base_url}/leave/",
            back_url=f"{self.visit.base_url}/",
        )
        return page, status
