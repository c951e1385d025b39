"""The first page of each realm: what is owed, what waits, what one has."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup, escape

from domain.invoices import is_overdue
from domain.permissions import P
from domain.sentences import Sentence, counted
from panel import EVERYONE
from panel.addresses import address
from panel.door import RealmPage
from panel.kinds import date_text
from panel.words import choice_words
from services import overviews
from services.waiting_tasks import COUNTED_TO, TICKET_STATES, Task, waiting_in_account
from views.credit_figures import money_stats
from views.history import recent_activity
from views.locale import chosen, shown_number
from views.money import format_money
from views.staff_home import business, failed_payments, own_tickets, work_waiting
from views.tickets import seen_tickets
from views.tones import tone_of

MOST_SLICES = 6
LATEST_EVENTS = 8


def badge(value: str) -> Markup:
    """A choice's word in its colour."""
    label = choice_words(type(value).__name__ if isinstance(value, enum.Enum) else "", value)
    return Markup('<span class="badge tone-{}">{}</span>').format(tone_of(value), escape(label))


class Dashboard(RealmPage):
    """What both first pages share."""

    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE}

    def date(self, day: dt.date | None) -> str:
        return date_text(day, self.visit.locale) if day else ""

    def today(self) -> dt.date:
        return self.hooks.now().astimezone(self.visit.time_zone).date()

    def invoices(self, rows: Iterable[Any], today: dt.date) -> list[dict[str, Any]]:
        visit, shown = self.visit, []
        pay = f"{visit.base_url}/pay/" if visit.owner_id is not None and visit.allows(P.INVOICES_PAY) else ""
        for row in rows:
            url = f"{visit.base_url}/invoices/{address(row.number)}"
            status = "overdue" if is_overdue(row.due_on, row.status, today) else row.status
            shown.append(
                {
                    "number": row.number,
                    "url": url,
                    "description": row.description if visit.owner_id is not None else row.account_name,
                    "due": self.date(row.due_on),
                    "amount": format_money(row.amount_due, row.currency, visit.locale),
                    "badge": badge(status),
                    "pay_url": f"{pay}?invoice={address(row.number)}" if pay else "",
                }
            )
        return shown

    def licenses(self, rows: Iterable[Any]) -> list[dict[str, Any]]:
        base, staff = self.visit.base_url, self.visit.owner_id is None
        return [
            {
                "title": row.code,
                "url": f"{base}/licenses/{address(row.code)}",
                "note": row.account_name if staff else row.reference,
                "side": self.date(row.expires_on),
            }
            for row in rows
        ]

    def tickets(self, rows: Iterable[Any]) -> list[dict[str, Any]]:
        base, staff = self.visit.base_url, self.visit.owner_id is None
        return [
            {
                "title": row.subject,
                "url": f"{base}/tickets/{address(row.number)}",
                "note": f"{row.number} · {row.account_name}" if staff else row.number,
                "side": self.date(row.last_message_at.astimezone(self.visit.time_zone).date()),
                "badge": badge(row.status),
            }
            for row in rows
        ]


class BackOfficeHome(Dashboard):
    """What needs a person of the staff today, as far as their role covers it."""

    title = "Home"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        visit, today, now = self.visit, self.today(), self.hooks.now()
        shown = work_waiting(visit, now)
        mine = own_tickets(visit)
        if mine is not None:
            shown["mine"] = self.tickets(mine)
            shown["mine_url"] = f"{visit.base_url}/tickets/?assignee={mine[0].assignee_key}&sort=due_at" if mine else ""
        if visit.allows(P.TICKETS_READ):
            shown["tickets"] = self.tickets(overviews.tickets_in_progress(None, seen=seen_tickets(visit)))
            shown["tickets_url"] = f"{visit.base_url}/tickets/?status=open&status=waiting_for_support"
        shown |= business(visit, request.args.get("currency", ""))
        if visit.allows(P.INVOICES_READ):
            shown["unpaid"] = self.invoices(overviews.invoices_owed(None, due_before=today), today)
            shown["unpaid_url"] = f"{visit.base_url}/invoices/?status=unpaid&status=partially_paid&sort=due_on"
        shown |= failed_payments(visit, self.date)
        if visit.allows(P.LICENSES_READ):
            shown["expiring"] = self.licenses(overviews.licenses_expiring(None, today=today))
            shown["expiring_url"] = f"{visit.base_url}/licenses/?status=active&sort=expires_on"
        if visit.allows(P.STAFF_AUDIT_READ):
            shown["activity"] = recent_activity(visit, LATEST_EVENTS)
        return render_template("pages/dashboard/staff.html", layout=self.realm.layout, visit=visit, **shown)


class PortalDashboard(Dashboard):
    """An account's first page, as far as the member's roles cover it."""

    title = "Dashboard"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        visit, today, account_id = self.visit, self.today(), self.visit.owner_id
        if account_id is None:
            raise RuntimeError("the portal has an account")
        shown: dict[str, Any] = {}
        waiting = self._waiting(account_id)
        money: list[dict[str, Any]] = []
        asked_first: list[dict[str, Any]] = []  # what is seen on a telephone without scrolling, after what is owed
        if visit.allows(P.INVOICES_READ):
            shown["unpaid"] = self.invoices(overviews.invoices_owed(account_id), today)
            shown["unpaid_url"] = f"{visit.base_url}/invoices/?status=unpaid&status=partially_paid&sort=due_on"
            money = money_stats(visit, account_id, self.hooks.now())
        if visit.allows(P.SUBSCRIPTIONS_READ) and (charge := overviews.next_charge(account_id)) is not None:
            asked_first.append(self._next_charge(charge))
        if visit.allows(P.TICKETS_READ):
            shown["tickets"] = self.tickets(overviews.tickets_in_progress(account_id))
            shown["tickets_url"] = f"{visit.base_url}/tickets/"
            asked_first.append(self._open_tickets(waiting))
        shown["stats"] = [*money[:2], *asked_first, *money[2:]]
        if visit.allows(P.LICENSES_READ):
            parts = overviews.licenses_by_kind(account_id)
            shown["licenses_by_kind"] = self._slices(parts)
            shown["licenses_url"] = f"{visit.base_url}/licenses/"
            shown["expiring"] = self.licenses(overviews.licenses_expiring(account_id, today=today))
            shown["expiring_url"] = f"{visit.base_url}/licenses/?status=active&sort=expires_on"
            number = sum(part.number for part in parts)
            shown["stats"].append(
                {"label": "Active licenses", "value": shown_number(number), "url": shown["licenses_url"]}
            )
        if visit.allows(P.AUDIT_READ):
            shown["activity"] = recent_activity(visit, LATEST_EVENTS)
        shown["notices"] = self._asked(waiting)
        title = visit.context.account_name
        return render_template(
            "pages/dashboard/portal.html", layout=self.realm.layout, visit=visit, title=title, **shown
        )

    def _next_charge(self, charge: overviews.NextCharge) -> dict[str, str]:
        plan = charge.package_name or counted("%(count)s subscription", "%(count)s subscriptions", charge.subscriptions)
        return {
            "label": Sentence("Next charge, %(day)s", day=self.date(charge.billed_on)),
            "value": format_money(charge.price, charge.currency, self.visit.locale),
            "note": Sentence("%(plan)s, before tax", plan=plan),
            "url": f"{self.visit.base_url}/subscriptions/?status=active&sort=renews_on",
        }

    def _open_tickets(self, waiting: Mapping[Task, int]) -> dict[str, str]:
        number = sum(waiting[state] for state in TICKET_STATES)
        waits = waiting[Task.TICKETS_WAITING_FOR_CUSTOMER]
        return {
            "label": "Open tickets",
            "value": f"{COUNTED_TO}+" if number >= COUNTED_TO else str(number),
            "note": counted("One waits for you", "%(count)s wait for you", waits) if waits else "",
            "tone": "warning" if waits else "",
            "url": f"{self.visit.base_url}/tickets/",
        }

    def _waiting(self, account_id: int) -> Mapping[Task, int]:
        """What waits in the account, as far as this member answers for it."""
        tasks = [Task.OWNERSHIP_ASKED]
        if self.visit.allows(P.TICKETS_READ):
            tasks += TICKET_STATES
        if self.visit.allows(P.PAYMENTS_APPROVE):
            tasks.append(Task.PAYMENTS_TO_APPROVE)
        return waiting_in_account(tasks, account_id, self.visit.actor.member_id, now=self.hooks.now())

    def _asked(self, waiting: Mapping[Task, int]) -> list[tuple[str, str, str]]:
        """What waits for an answer of this very member: becoming owner, and payments above a limit."""
        base, found = self.visit.base_url, []
        if waiting[Task.OWNERSHIP_ASKED]:
            text = "You are asked about the ownership of this account."
            found.append((text, f"{base}/ownership/", "Open the change of ownership"))
        if number := waiting.get(Task.PAYMENTS_TO_APPROVE, 0):
            text = counted("A payment waits for your approval.", "%(count)s payments wait for your approval.", number)
            found.append((text, f"{base}/pay-approvals/?status=asked", "Open them"))
        return found

    def _slices(self, parts: Iterable[Any]) -> list[dict[str, Any]]:
        """At most six: the smallest kinds share the last one."""
        base = f"{self.visit.base_url}/licenses/?status=active"
        slices = [
            {
                "label": chosen(part.kind),
                "value": part.number,
                "url": f"{base}&kind={part.kind.value}",
            }
            for part in parts
        ]
        if len(slices) <= MOST_SLICES:
            return slices
        rest = sum(part["value"] for part in slices[MOST_SLICES - 1 :])
        return [*slices[: MOST_SLICES - 1], {"label": "Other", "value": rest, "url": base}]
