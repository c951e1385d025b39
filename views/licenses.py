"""Licenses: what an account runs, what is on it, and unlocking it from its hardware."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from markupsafe import escape
from sqlalchemy import Select, select

from domain.permissions import P
from domain.sentences import Sentence
from models import AccountAncestor, License, LicenseChange
from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    DetailsField,
    Facts,
    Lookup,
    Related,
    Resource,
    Text,
    Visit,
    lead,
    reading,
)
from panel.addresses import address
from services.editions import WizardClosed, editions_of
from services.licenses import has_branding, reset_hardware_lock, update_license, why_not_reset
from services.more_resets import ResetsStillThere, ask_for_resets, grant_and_answer, wish_text
from views.forms import AskForResetsForm, GrantResetsForm, resets_to_grant
from views.locale import said


def without_branding(_visit: Visit, license: License) -> tuple[str, ...]:
    """The app's own name is shown and asked for only where branding is part of the contract."""
    return () if has_branding(license) else ("app_name",)


def editions_in_app(_visit: Visit, license: License, _now: dt.datetime) -> list[Facts]:
    """What the app wizard has set up; nothing where the license holds no edition."""
    told = [
        DetailsField(
            f"edition-{seats.code}",
            seats.name,
            "text",
            escape(said(Sentence("%(in_app)s of %(held)s", in_app=seats.in_app, held=seats.held))),
        )
        for seats in editions_of(license)
    ]
    return [Facts("Set up in the app", told)] if told else []


LICENSE_COLUMNS = (
    Column("code", link=True, sort=True),
    Column("account.name", "Account", realms={STAFF}),
    Column("kind", "Type"),
    Column("package.name", "Package"),
    Column("status"),
    Column("duration"),
    Column("reference", sort=True),
    Column("expires_on", sort=True),
    Column("created_at", "Date", sort=True),
    Column("licensee", list=False),
    Column("app_name", list=False),
    Column("mac_address", "MAC address", list=False),
    Column("last_valid_ip", "Last valid IP", list=False),
    Column("resets_left", list=False),
    Column("activated_at", list=False),
    Column("activation_limit", list=False),
    Column("last_seen_at", list=False),
)
LICENSE_FILTERS = (
    DateRange("created_at", "Date"),
    Text("code", "License"),
    Choice("kind", "License type"),
    Lookup("package"),
    Choice("status"),
    Choice("duration"),
    Lookup("account", realms={STAFF}),
)


class LicenseResource(Resource):
    model, slug, title = License, "licenses", "Licenses"
    description = "Each system you run has one license; its code opens the details."
    group, icon, key = "Services", "key", "code"
    columns = LICENSE_COLUMNS
    filters = LICENSE_FILTERS
    search = ("code", "reference", "licensee")
    default_sort = "-created_at"
    form = {"edit": ("reference", "app_name")}
    help = {
        "reference": "Your own name for this system. It is shown in lists and on invoices.",
        "app_name": "The name of the app under your brand, where branding is part of your contract.",
    }
    saves = {"edit": update_license}
    load = ("account",)
    withheld = without_branding
    facts = editions_in_app
    grants = {**reading(P.LICENSES_READ), "edit": P.LICENSES_EDIT}
    actions = (
        Action(
            reset_hardware_lock,
            "Reset MAC/IP address",
            grant=P.LICENSES_RESET,
            when=License.can_reset,
            why_not=why_not_reset,
            confirm="The saved MAC address and the last valid IP address are cleared. The next machine that activates "
            "this code becomes its own. One of the resets left is used.",
            done="The MAC and IP address are reset.",
            danger=True,
            name="reset-mac-ip",
        ),
        Action(
            ask_for_resets,
            "Ask for more resets",
            grant=P.LICENSES_RESET,
            when=License.can_ask_for_resets,
            why_not=ResetsStillThere.message,
            realms={PORTAL},
            form=AskForResetsForm,
            fill=lambda license: {"description": wish_text(license)},
            confirm="A ticket is opened for it. Support grants more resets there.",
            done=lambda ticket: Sentence("Ticket %(number)s asks for more resets.", number=ticket.number),
            name="ask-for-resets",
        ),
        lead(
            "App wizard",
            lambda license: f"app-wizard/{address(license.code)}",
            name="app-wizard",
            grant=P.LICENSES_EDIT,
            when=License.can_set_editions,
            why_not=WizardClosed.message,
        ),
        lead(
            "App report (CSV)",
            lambda license: f"client-app-report/export.csv?{urlencode({'license': license.code})}",
            name="app-report",
            grant=P.CLIENT_APP_REPORT_READ,
        ),
        Action(
            grant_and_answer,
            "Grant resets",
            grant=P.STAFF_LICENSES_GRANT_RESETS,
            form=GrantResetsForm,
            fill=resets_to_grant,
            confirm="A ticket that waits for them is answered and solved.",
            realms={STAFF},
            done="The resets are granted.",
            name="grant-resets",
        ),
    )
    related = (
        Related("items", columns=("product.name", "quantity")),
        Related(
            "activations",
            columns=("activated_at", "mac_address", "ip", "hostname", "last_seen_at", "deactivated_at"),
            label="Activations",
            order="-activated_at",
        ),
        Related(
            "hardware_resets",
            columns=("reset_at", "reset_by", "mac_address", "last_valid_ip", "resets_left"),
            label="MAC/IP resets",
            order="-reset_at",
        ),
        Related(
            "changes",
            columns=("changed_at", "edition", "field", "before", "after", "changed_by"),
            label="App wizard history",
            order="-changed_at",
        ),
        Related("subscriptions", columns=("number", "package.name", "status", "renews_on")),
    )


def customers_of(account_id: int) -> Select[int]:
    """The accounts below a reseller, at any depth, without the reseller's own.

    Not by ``depth > 0``: most rows of that table are an account itself, so a planner expects far fewer than there are.
    """
    return select(AccountAncestor.account_id).where(
        AccountAncestor.ancestor_id == account_id, AccountAncestor.account_id != account_id
    )


class CustomerLicenseResource(Resource):
    model, slug, title, noun = License, "customer-licenses", "My customer licenses", "Customer license"
    description = "Licenses of the accounts below yours."
    group, icon, key = "Services", "boxes", "code"
    realms = frozenset({PORTAL})
    owners = customers_of
    columns = (Column("account.name", "Customer"), *LICENSE_COLUMNS)
    filters = (*LICENSE_FILTERS, Lookup("account", "Customer", realms={PORTAL}))
    search = ("code", "reference", "licensee")
    default_sort = "-created_at"
    withheld = without_branding
    grants = reading(P.CUSTOMER_LICENSES_READ)
    related = (Related("items", columns=("product.name", "quantity")),)


class ClientAppReportResource(Resource):
    model, slug, title, noun = LicenseChange, "client-app-report", "Client app report", "Change"
    description = "Every change made in the app wizard."
    group, icon, label = "Services", "clipboard", "field"
    columns = (
        Column("changed_at", "Time", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("license.code", "License"),
        Column("license_kind", "Type"),
        Column("edition", sort=True),
        Column("field"),
        Column("before"),
        Column("after"),
        Column("changed_by", "By"),
        Column("ip", "IP"),
    )
    filters = (
        DateRange("changed_at", "Date"),
        Lookup("license"),
        Choice("license_kind", "License type"),
        Lookup("account", realms={STAFF}),
    )
    default_sort = "-changed_at"
    grants = reading(P.CLIENT_APP_REPORT_READ)
