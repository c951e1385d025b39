"""Changes of ownership: the page where both sides answer, and the list of the back office (SPEC B4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from models import OwnershipChange
from panel import EVERYONE, STAFF, Action, Choice, Column, DateRange, Lookup, RealmPage, Resource, reading
from panel.form import Form
from services.ownership import (
    ConfirmedAlready,
    OwnershipChangeClosed,
    confirm_for_owner,
    confirm_ownership_change,
    decline_ownership_change,
    open_ownership_change,
    people_of_change,
    withdraw_ownership_change,
)
from services.unit_of_work import unit_of_work
from views.forms import ReasonForm
from views.locale import flash
from views.moments import moment_text


class AnswerForm(Form):
    """Nothing but the token that shows that the form came from our page."""


class OwnershipPage(RealmPage):
    """The open change of an account, for the two who are asked. To everybody else nothing is here."""

    slug, title = "ownership", "Change of ownership"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "confirm", "decline", "withdraw"), EVERYONE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return self._page()

    @expose("/confirm", methods=("POST",))
    def confirm(self) -> ResponseReturnValue:
        return self._answer(confirm_ownership_change)

    @expose("/decline", methods=("POST",))
    def decline(self) -> ResponseReturnValue:
        return self._answer(decline_ownership_change, "Declined. The ownership stays as it was.")

    @expose("/withdraw", methods=("POST",))
    def withdraw(self) -> ResponseReturnValue:
        return self._answer(withdraw_ownership_change, "Withdrawn. The ownership stays as it was.")

    def _answer(self, act: Callable[..., OwnershipChange], done: str = "") -> ResponseReturnValue:
        change = self._change()
        form = AnswerForm()
        if change is None:
            return self._page([("", OwnershipChangeClosed.message)], 409)
        if not form.validate():
            return self._page([("", "This page was open too long. Try again.")], 422)
        try:
            with unit_of_work():
                change = act(change, actor=self.visit.actor, now=self.hooks.now())
                open_still = change.is_open
        except Refusal as refusal:
            return self._page([("", refusal.message)], 409)
        said = "Confirmed. The other side is asked." if open_still else "Confirmed. The ownership has moved."
        flash(done or said, "success")
        return redirect(f"{self.visit.base_url}/{'ownership/' if open_still else ''}", code=303)

    def _page(self, errors: list[tuple[str, str]] | None = None, status: int = 200) -> ResponseReturnValue:
        change = self._change()
        shown = {"layout": self.realm.layout, "visit": self.visit, "title": self.title, "errors": errors or []}
        if change is None:
            if not errors and not self.visit.allows(P.OWNERSHIP_MOVE):
                abort(404)
            return render_template("pages/ownership/none.html", **shown), status
        return render_template("pages/ownership/change.html", form=AnswerForm(), **shown, **self._facts(change)), status

    def _facts(self, change: OwnershipChange) -> dict[str, Any]:
        former, new = people_of_change(change)
        own = self.visit.actor.member_id
        return {
            "account_name": self.visit.context.account_name,
            "former": str(former),
            "new": str(new),
            "expires": moment_text(self.visit, change.expires_at),
            "former_answer": self._said(change.from_confirmed_at),
            "new_answer": self._said(change.to_confirmed_at),
            "asks_you": (own == change.from_member_id and change.from_confirmed_at is None)
            or (own == change.to_member_id and change.to_confirmed_at is None),
            "becomes_owner": own == change.to_member_id,
            "may_withdraw": self.visit.allows(P.OWNERSHIP_MOVE) and own == change.from_member_id,
            "url": f"{self.visit.base_url}/ownership",
        }

    def _said(self, confirmed_at: Any) -> str:
        return (
            "Waits for the answer"
            if confirmed_at is None
            else Sentence("Confirmed, %(moment)s", moment=moment_text(self.visit, confirmed_at))
        )

    def _change(self) -> OwnershipChange | None:
        """The open change, for its two sides and for who moves the ownership; for others there is none."""
        account_id = self.visit.owner_id
        change = None if account_id is None else open_ownership_change(account_id, now=self.hooks.now())
        if change is None:
            return None
        asked = self.visit.actor.member_id in (change.from_member_id, change.to_member_id)
        if not asked and not self.visit.allows(P.OWNERSHIP_MOVE):
            abort(404)
        return change


class OwnershipChangeResource(Resource):
    model, slug, title, noun = OwnershipChange, "ownership-changes", "Ownership changes", "Ownership change"
    description = "Proposals that another member owns an account. Both sides confirm before anything moves."
    group, icon, label = "Customers", "person-badge", "public_id"
    realms = frozenset({STAFF})
    columns = (
        Column("created_at", "Proposed", link=True, sort=True),
        Column("account.name", "Account"),
        Column("from_member.person.name", "From", kind="text"),
        Column("to_member.person.name", "To", kind="text"),
        Column("status"),
        Column("from_confirmed_at", "Owner confirmed"),
        Column("to_confirmed_at", "New owner confirmed"),
        Column("expires_at", "Expires"),
        Column("proposed_by.name", "Proposed by", kind="text", list=False),
        Column("closed_at", "Closed", list=False),
    )
    filters = (Choice("status"), Lookup("account"), DateRange("created_at", "Proposed"))
    default_sort = "-created_at"
    grants = reading(P.MEMBERS_READ)
    actions = (
        Action(
            confirm_for_owner,
            "Confirm for the owner",
            grant=P.OWNERSHIP_MOVE,
            when=OwnershipChange.waits_for_owner,
            why_not=ConfirmedAlready.message,
            realms={STAFF},
            form=ReasonForm,
            sensitive=True,
            danger=True,
            confirm="Only where the owner cannot confirm any more, because they have left. Both sides get a mail with "
            "your name and reason. The new owner still confirms themself.",
            done="Confirmed in the owner's place.",
            name="confirm-for-owner",
        ),
        Action(
            withdraw_ownership_change,
            "Withdraw",
            grant=P.OWNERSHIP_MOVE,
            when=OwnershipChange.is_open,
            why_not=OwnershipChangeClosed.message,
            realms={STAFF},
            confirm="The ownership stays as it is, and both sides are told by mail.",
            done="The change of ownership is withdrawn.",
            name="withdraw",
        ),
    )
