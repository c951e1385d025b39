"""Whether an account wants to be asked before staff log in as one of its members: its owner decides."""

from __future__ import annotations

from typing import ClassVar

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from extensions import db
from models import Account
from panel import RealmPage, Visit
from panel.form import Form
from services.login_consents import demand_login_consent
from services.unit_of_work import unit_of_work
from views.locale import flash


class DemandForm(Form):
    """Nothing but the token: the button that is pressed says what is wanted."""


class LoginConsentRulePage(RealmPage):
    """Read what holds, and switch it."""

    slug, title = "login-consent-rule", "Access by support"
    group, icon = "Administration", "shield-check"
    verbs: ClassVar[dict[str, str]] = {"index": P.LOGINS_AS_READ, "switch": P.LOGINS_AS_DECIDE}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it: in the portal, to the owner."""
        return visit.owner_id is not None and visit.allows(P.LOGINS_AS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return render_template(
            "pages/login_as/consent_rule.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            demanded=self._account().login_consent_required,
            may_decide=self.visit.allows(P.LOGINS_AS_DECIDE),
            form=DemandForm(),
        )

    @expose("/switch", methods=("GET", "POST"))
    def switch(self) -> ResponseReturnValue:
        demanded = request.form.get("demanded") == "yes"
        if request.method == "POST" and DemandForm().validate():
            with unit_of_work():
                demand_login_consent(self._account(), demanded, actor=self.visit.actor, now=self.hooks.now())
            said = "You are asked from now on." if demanded else "Support may log in without asking."
            flash(said, "success")
        return redirect(f"{self.visit.base_url}/{self.slug}/", code=303)

    def _account(self) -> Account:
        return db.session.get_one(Account, self.visit.owner_id)
