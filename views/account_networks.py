"""The networks from which the members of an account may come in; in the portal, for who may edit the account."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Account
from panel import RealmPage, Visit
from panel.forms import errors_of, refuse_nul
from services.networks import NetworkNotListed, add_network, networks_of, remove_network
from services.unit_of_work import unit_of_work
from views.locale import flash
from views.network_forms import NetworkForm, RemoveNetworkForm, network_rows


class AccountNetworksPage(RealmPage):
    """Add, and remove; a list that would lock out who changes it is refused."""

    slug, title = "networks", "Networks"
    group, icon = "Customers", "globe"
    verbs: ClassVar[dict[str, str]] = {"index": P.ACCOUNT_EDIT, "remove": P.ACCOUNT_EDIT}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it: in the portal, to who may edit the account."""
        return visit.owner_id is not None and visit.allows(P.ACCOUNT_EDIT)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Show the list; add to it."""
        form = NetworkForm()
        if not form.is_submitted():
            return self._page(form)
        if refuse_nul(form) or not form.validate():
            return self._page(form), 422
        try:
            with unit_of_work():
                row = add_network(
                    self._account(), form.cidr.data, form.note.data or "", actor=self.visit.actor, now=self.hooks.now()
                )
        except Refusal as refusal:
            form.cidr.errors = [refusal.message]
            return self._page(form), 422
        flash(Sentence("%(cidr)s is in the list.", cidr=row.cidr), "success")
        return self._see()

    @expose("/<public_id>/remove", methods=("POST",))
    def remove(self, public_id: str) -> ResponseReturnValue:
        """Take one out of the list."""
        if not RemoveNetworkForm().validate():
            return self._page(NetworkForm(formdata=None)), 422
        try:
            with unit_of_work():
                remove_network(
                    self._account(), public_id.replace("\0", ""), actor=self.visit.actor, now=self.hooks.now()
                )
        except NetworkNotListed:
            abort(404)
        except Refusal as refusal:
            return self._page(NetworkForm(formdata=None), refusal.message), 409
        flash("The network is removed.", "success")
        return self._see()

    def _account(self) -> Account:
        return db.session.get_one(Account, self.visit.owner_id)

    def _see(self) -> ResponseReturnValue:
        return redirect(f"{self.visit.base_url}/{self.slug}/", code=303)

    def _page(self, form: NetworkForm, message: str = "") -> str:
        return render_template(
            "pages/account/networks.html",
            layout=self.realm.layout,
            visit=self.visit,
            title="Allowed networks",
            form=form,
            networks=network_rows(networks_of(self._account())),
            here=request.remote_addr or "unknown",
            url=f"{self.visit.base_url}/{self.slug}/",
            errors=[("", message)] if message else errors_of(form),
        )
