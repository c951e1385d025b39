"""Manage platform subscriptions: items from one license to another, in four steps without script (SPEC E4)."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.transfers import QuantityNotReadable
from models import License
from panel import Visit
from panel.addresses import address
from panel.door import RealmPage
from panel.form import Form
from services.step_up import require_recent_proof
from services.transfers import (
    held_items,
    licenses_to_transfer_between,
    preview_transfer,
    transfer_items,
    transferring_accounts,
)
from services.unit_of_work import unit_of_work
from views.locale import flash
from views.whole_numbers import whole_number

STEPS = ("Take from", "Give to", "Amounts", "Confirm")
FIELD = "items-"


class ConfirmForm(Form):
    """Nothing but the token that shows that the form came from our page."""


class TransferPage(RealmPage):
    """The steps are kept in the address, so Back and reload work; only the last one writes."""

    slug, title = "transfers", "Manage platform subscriptions"
    group, icon = "Services", "arrow-left-right"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.TRANSFERS_MAKE,
        "amounts": P.TRANSFERS_MAKE,
        "confirm": P.TRANSFERS_MAKE,
    }

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it: to staff, and where the provider granted the account the privilege."""
        privileged = visit.owner_id is None or bool(visit.context.transfers_allowed)
        return privileged and visit.allows(P.TRANSFERS_MAKE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Steps 1 and 2: the license to take from, then the one to give to."""
        if self._account_id() is None:
            offered = [
                {"value": each.client_id, "label": each.name, "note": each.client_id}
                for each in transferring_accounts()
            ]
            return self._choose(1, "account", "Account", offered, "No account may transfer items.")
        source = self._license("source")
        if source is None:
            choices = self._choices()
            return self._choose(1, "source", "Take from", choices, "There is no active license with items.")
        target = self._license("target")
        if target is not None:
            return redirect(self._url("amounts", source=source.code, target=target.code), code=303)
        others = [choice for choice in self._choices() if choice["value"] != source.code]
        return self._choose(2, "target", "Give to", others, "There is no other active license to give to.", source.code)

    @expose("/amounts")
    def amounts(self) -> ResponseReturnValue:
        """Step 3: how many of each item. Who must prove who they are does so before they type."""
        source, target = self._both()
        require_recent_proof(self.visit.actor, now=self.hooks.now())
        return self._amounts_page(source, target, {}, "")

    @expose("/confirm", methods=("GET", "POST"))
    def confirm(self) -> ResponseReturnValue:
        """Step 4: the preview; posted, the transfer."""
        source, target = self._both()
        typed = {name.removeprefix(FIELD): value for name, value in request.values.items() if name.startswith(FIELD)}
        form = ConfirmForm()
        try:
            quantities = _quantities(typed)
            if request.method == "POST" and form.validate():
                with unit_of_work():
                    made = transfer_items(source, target, quantities, actor=self.visit.actor, now=self.hooks.now())
                    done = made.public_id
                flash("The items are transferred. Within 24 hours this can be undone.", "success")
                return redirect(f"{self.visit.base_url}/item-transfers/{address(done)}", code=303)
            plan = preview_transfer(source, target, quantities)
        except Refusal as refusal:
            return self._amounts_page(source, target, typed, refusal.message), 422
        return render_template(
            "pages/transfer/confirm.html",
            **self._frame(4),
            source={"label": source.code},
            target={"label": target.code},
            rows=plan,
            form=form,
            errors=[],
            url=self._url("confirm", source=source.code, target=target.code, **_fields(typed)),
            back_url=self._url("amounts", source=source.code, target=target.code),
            back_label="Amounts",
        )

    def _choose(
        self, step: int, field: str, question: str, choices: list[dict[str, str]], empty_text: str, source: str = ""
    ) -> str:
        return render_template(
            "pages/transfer/choose.html",
            **self._frame(step),
            question=question,
            field=field,
            keep=[*self._kept().items(), *([("source", source)] if source else [])],
            choices=choices,
            chosen="",
            errors=[],
            url=self._url(""),
            back_url=self._url("") if source else f"{self.visit.base_url}/licenses/",
            back_label="Take from" if source else "Licenses",
            empty_text=empty_text,
        )

    def _amounts_page(self, source: License, target: License, typed: dict[str, str], error: str) -> str:
        items = [
            {
                "name": f"{FIELD}{item.code}",
                "label": item.name,
                "held": item.held,
                "there": item.there,
                "value": typed.get(item.code, "0"),
                "error": "",
            }
            for item in held_items(source, target)
        ]
        return render_template(
            "pages/transfer/amounts.html",
            **self._frame(3),
            source={"label": source.code},
            target={"label": target.code},
            keep=[*self._kept().items(), ("source", source.code), ("target", target.code)],
            items=items,
            errors=[(items[0]["name"] if items else "", error)] if error else [],
            url=self._url("confirm"),
            back_url=self._url("", source=source.code),
            back_label="Give to",
        )

    def _frame(self, step: int) -> dict[str, Any]:
        settings = current_app.extensions["settings"]
        title = Sentence("Manage %(platform)s subscriptions", platform=settings.platform_name)
        return {"layout": self.realm.layout, "visit": self.visit, "title": title, "steps": STEPS, "step": step}

    def _choices(self) -> list[dict[str, str]]:
        return [
            {"value": license.code, "label": license.code, "note": license.reference or ""}
            for license in self._licenses()
        ]

    def _licenses(self) -> list[License]:
        account_id = self._account_id()
        if account_id is None:
            abort(404)
        return licenses_to_transfer_between(account_id)

    def _account_id(self) -> int | None:
        """The account of the portal; in the back office the one that the address names, None while it names none."""
        if self.visit.owner_id is not None:
            return self.visit.owner_id
        client_id = self._kept().get("account")
        if client_id is None:
            return None
        return next((each.id for each in transferring_accounts() if each.client_id == client_id), None) or abort(404)

    def _kept(self) -> dict[str, str]:
        """The account that staff chose, for every address of the steps."""
        client_id = request.values.get("account", "") if self.visit.owner_id is None else ""
        return {"account": client_id} if client_id else {}

    def _license(self, name: str) -> License | None:
        """The license the address names; one that is not among the account's active ones is not found."""
        code = request.values.get(name, "")
        if not code:
            return None
        return next((each for each in self._licenses() if each.code == code), None) or abort(404)

    def _both(self) -> tuple[License, License]:
        source, target = self._license("source"), self._license("target")
        if source is None or target is None:
            abort(404)
        return source, target

    def _url(self, page: str, **values: str) -> str:
        values = {**self._kept(), **values}
        url = f"{self.visit.base_url}/{self.slug}/{page}"
        return f"{url}?{urlencode(values)}" if values else url


def _fields(typed: dict[str, str]) -> dict[str, str]:
    return {f"{FIELD}{code}": value for code, value in typed.items()}


def _quantities(typed: dict[str, str]) -> dict[str, int]:
    """Product code -> whole number; an empty field is zero. QuantityNotReadable for anything else."""
    found = {}
    for code, given in typed.items():
        number = whole_number(given.strip() or "0")
        if number is None:
            raise QuantityNotReadable
        found[code] = number
    return found
