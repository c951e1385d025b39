"""Networks: from where this person may come in (SPEC A7)."""

from __future__ import annotations

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from domain.refusals import Refusal
from domain.sentences import Sentence
from services.networks import NetworkNotListed, add_network, networks_of, remove_network
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash
from views.network_forms import NetworkForm, RemoveNetworkForm, network_rows
from views.own_settings.frame import blueprint, errors_of, me, own_actor, own_page, see

SECTION = "networks"


@blueprint.route("/networks", methods=["GET", "POST"])
@signed_in
def networks() -> ResponseReturnValue:
    """Show the list; add to it."""
    form = NetworkForm()
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            row = add_network(me().person, form.cidr.data, form.note.data or "", actor=own_actor(), now=now())
    except Refusal as refusal:
        form.cidr.errors = [refusal.message]
        return _page(form, status=422)
    flash(Sentence("%(cidr)s is in the list.", cidr=row.cidr), "success")
    return see("networks")


@blueprint.post("/networks/<public_id>/remove")
@signed_in
def remove_own_network(public_id: str) -> ResponseReturnValue:
    """Take one out of the list."""
    if not RemoveNetworkForm().validate():
        return _page(NetworkForm(formdata=None), status=422)
    try:
        with unit_of_work():
            remove_network(me().person, public_id.replace("\0", ""), actor=own_actor(), now=now())
    except NetworkNotListed:
        abort(404)
    except Refusal as refusal:
        return _page(NetworkForm(formdata=None), status=409, message=refusal.message)
    flash("The network is removed.", "success")
    return see("networks")


def _page(form: NetworkForm, *, status: int = 200, message: str = "") -> Response:
    return own_page(
        "networks",
        section=SECTION,
        status=status,
        form=form,
        networks=network_rows(networks_of(me().person)),
        here=request.remote_addr or "unknown",
        errors=[("", message)] if message else errors_of(form),
    )
