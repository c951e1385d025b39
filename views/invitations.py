"""Taking a seat in an account by the link of an invitation."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from panel.form import Form
from services.invitations import InvitationNotValid, Invited, accept_invitation, open_invitation
from views.access import public
from views.clock import now
from views.identity import browser_here
from views.locale import flash
from views.sign_in import NewPasswordForm

blueprint = Blueprint("invitations", __name__)


class TakeSeatForm(Form):
    """For who has a password already: only the button."""


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
@public
def take_seat(token: str) -> ResponseReturnValue:
    """Show which account invites, and take the seat; who is new chooses a password."""
    invited = None if "\0" in token else open_invitation(token, now=now())
    if invited is None:
        return _dead()
    form = NewPasswordForm() if invited.person.password_hash is None else TakeSeatForm()
    if not form.is_submitted():
        return _page(invited, form)
    if not form.validate():
        return _page(invited, form, status=422)
    password = form.new_password.data if "new_password" in form else None
    try:
        accept_invitation(token, password, browser_here(), now=now())
    except InvitationNotValid:
        return _dead()
    except TooManyAttempts as refusal:
        return _wait(invited, form, refusal)
    except Refusal as refusal:
        form.new_password.errors = [refusal.message]
        return _page(invited, form, status=422)
    flash("The seat is yours. Sign in to open the account.", "success")
    return redirect("/sign-in", code=303)


def _wait(invited: Invited, form: Form, refusal: TooManyAttempts) -> Response:
    answer = _page(invited, form, status=429, wait=refusal.message)
    answer.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
    return answer


def _page(invited: Invited, form: Form, *, status: int = 200, wait: str = "") -> Response:
    errors = [(form[name].id, text) for name, texts in form.errors.items() if name in form for text in texts]
    page = render_template(
        "pages/sign_in/invitation.html",
        form=form,
        errors=errors,
        wait=wait,
        account=invited.account.name,
        email=invited.person.email,
    )
    return make_response(page, status, {"Cache-Control": "no-store"})


def _dead() -> Response:
    page = render_template("pages/sign_in/invitation_not_valid.html", message=InvitationNotValid.message)
    return make_response(page, 404, {"Cache-Control": "no-store"})
