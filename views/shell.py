"""What frames every page: the navigation of what one may open, the person, the account and the brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request

from config import Environment, Settings
from panel import Visit, current_visit, without_others
from services.seats import seats_of
from views.account_networks import AccountNetworksPage
from views.account_settings import AccountPage
from views.auto_top_up import AutoTopUpPage
from views.avatars import avatar_url
from views.balance_page import BalancePage
from views.books import BooksPage
from views.chat_pages import ChatPage
from views.counters import Counter, counters
from views.debts import debt_banner
from views.emergencies import emergency_banner
from views.financing import FinancingPage
from views.first_steps import FirstStepsPage
from views.identity import current_identity
from views.invoice_drafts import NewInvoicePage
from views.library import HelpPage, ResourcesCentrePage, help_menu
from views.login_consent_rule import LoginConsentRulePage
from views.method_pages import AddMethodPage
from views.provider_settings import ProviderSettingsPage
from views.received_payments import ReceivedPaymentPage
from views.rehearsal import RehearsalPage
from views.resources import GROUPS, RESOURCES
from views.seats import seats_shown
from views.stand_ins import stand_in_ribbon
from views.store import StorePage
from views.transfers import TransferPage

_NO_NUMBERS: Mapping[str, Counter] = MappingProxyType({})
PORTAL_GROUPS = {"Customers": "People", "Administration": "History"}
# Those that stand in the menu beside the lists.
PAGES = (
    TransferPage,
    StorePage,
    ChatPage,
    NewInvoicePage,
    ReceivedPaymentPage,
    BooksPage,
    RehearsalPage,
    FirstStepsPage,
    ProviderSettingsPage,
    BalancePage,
    AddMethodPage,
    AutoTopUpPage,
    FinancingPage,
    AccountPage,
    AccountNetworksPage,
    LoginConsentRulePage,
    ResourcesCentrePage,
    HelpPage,
)


def install(app: Flask) -> None:
    """Give every template what the layouts ask for (see the comments at the top of templates/layouts/)."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        settings: Settings = current_app.extensions["settings"]
        shown: dict[str, Any] = {"brand": settings.brand_name, "environment": _ribbon(settings)}
        identity = current_identity()
        if identity is None:
            return shown
        person = identity.person
        shown["person"] = {
            "name": person.name or person.email,
            "email": person.email,
            "key": _key(person.public_id),
            "avatar_url": avatar_url(person),
            "initials": _initials(person.name or person.email or "?"),
            "links": [{"label": "Your settings", "url": f"/settings/?{urlencode({'from': request.path})}"}],
        }
        shown["stand_in"] = stand_in_ribbon(identity)
        visit = current_visit()
        if visit is not None:
            shown["frame"] = RealmFrame(visit)
        return shown


class RealmFrame:
    """What the layout of a realm shows around a page; each part is asked for when it is shown, by an error none."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @cached_property
    def base_url(self) -> str:
        """Where the realm begins."""
        return self._visit.base_url

    @cached_property
    def numbers(self) -> dict[str, Counter]:
        """What is new, and what waits beside the entries of the menu."""
        with without_others():
            return counters(self._visit)

    @cached_property
    def nav(self) -> list[NavGroup]:
        """The groups of the menu."""
        return navigation(self._visit, request.path, self.numbers)

    @cached_property
    def bell(self) -> dict[str, Any]:
        """What is new to whoever is here, and where it is read."""
        base_url = self._visit.base_url
        return {**self.numbers["bell"], "url": f"{base_url}/inbox/", "poll_url": f"{base_url}/counters/"}

    @cached_property
    def jobs(self) -> dict[str, Any]:
        """One's jobs at work, and where they are followed."""
        return {**self.numbers["your-jobs"], "url": f"{self._visit.base_url}/your-jobs/"}

    @cached_property
    def help(self) -> list[dict[str, str]]:
        """The help menu."""
        return help_menu(self._visit)

    @cached_property
    def account(self) -> dict[str, Any]:
        """The account whose portal this is, and the person's other seats."""
        return _account(self._visit)

    @cached_property
    def emergencies(self) -> list[dict[str, Any]]:
        """What the emergency banner says; nothing is asked while there is none."""
        return emergency_banner(self._visit)

    @cached_property
    def debts(self) -> list[dict[str, Any]]:
        """What the banner says of unpaid invoices."""
        return debt_banner(self._visit)


@dataclass(slots=True)
class NavItem:
    """An entry of the menu. Templates find attributes faster than keys, and each page asks hundreds of them."""

    slug: str
    label: str
    url: str
    icon: str
    current: bool
    counter: Counter | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Entries under a label; the first group has none."""

    label: str
    entries: list[NavItem]

    @property
    def counted(self) -> list[str]:
        """The slugs of the entries that have a number."""
        return [item.slug for item in self.entries if item.counter]

    @property
    def current(self) -> bool:
        """Whether one of them is here."""
        return any(item.current for item in self.entries)


def navigation(visit: Visit, path: str, numbers: Mapping[str, Counter] = _NO_NUMBERS) -> list[NavGroup]:
    """The groups of the menu: the lists this visit may open, in the order of GROUPS; empty groups are left out.

    ``numbers``: of what waits, by the slug of the entry.
    """
    groups = [NavGroup("", [_item(visit, path, "", "Home" if visit.owner_id is None else "Dashboard", "house")])]
    for label in GROUPS:
        items = [
            _item(visit, path, resource.slug, resource.title, resource.icon)
            for resource in RESOURCES
            if resource.group == label
            and visit.realm.name in resource.realms
            and (grant := resource.grant("list", visit.realm.name))
            and visit.allows(grant)
            and resource.is_offered(visit)
        ]
        items += [
            _item(visit, path, page.slug, page.title, page.icon)
            for page in PAGES
            if page.group == label and page.is_offered(visit)
        ]
        if items:
            for item in items:
                item.counter = numbers.get(item.slug)
            groups.append(NavGroup(PORTAL_GROUPS.get(label, label) if visit.owner_id else label, items))
    return groups


def _item(visit: Visit, path: str, slug: str, label: str, icon: str) -> NavItem:
    url = f"{visit.base_url}/{slug}/" if slug else f"{visit.base_url}/"
    return NavItem(slug, label, url, icon, current=path.startswith(url) if slug else path == url)


def _account(visit: Visit) -> dict[str, Any]:
    here = visit.context
    seats = seats_of(visit.actor.person_id) if here.has_other_seats else []  # most people have one, and ask nothing
    others = [seat for seat in seats if seat.account_id != here.account_id]
    return {
        "name": here.account_name,
        "client_id": here.client_id,
        "url": f"{visit.base_url}/",
        "seats": seats_shown(others),
    }


def _key(public_id: str) -> str:
    """By which scripts tell one person from another. A digest, since every page has it, also those that say nothing."""
    return sha256(public_id.encode()).hexdigest()[:16]


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def _ribbon(settings: Settings) -> str:
    return "" if settings.environment is Environment.PRODUCTION else settings.environment.value
