"""The frame around a person's own settings: its sections, the way back, and the page each section is drawn in.

Settings belong to the person and not to an account, so they lie outside both realms. A new section is one line in
SECTIONS, a module of its own beside this one (imported in __init__.py), and a template in pages/own_settings/.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response, current_app, make_response, render_template, request, session, url_for

from domain.actor import Actor
from domain.refusals import Refusal
from jobs.senders import outgoing_of
from models.person import PersonKind
from panel.form import Form
from services.seats import live_seats
from services.sign_in import person_as_actor
from services.telegram_bindings import connected_chat
from views.access import signed_in
from views.identity import Identity, browser_here, current_identity, landing_url, safe_next
from views.locale import select_locale, zone_of
from views.see_other import see_other
from views.social_sign_in import offers_social_sign_in

blueprint = Blueprint("own_settings", __name__, url_prefix="/settings")

BACK = "settings_back"
_IN_PORTAL = re.compile(r"/portal/([^/?]+)/")


def offered_to_everybody(_identity: Identity) -> bool:
    return True


def is_asked_about_policies(identity: Identity) -> bool:
    return identity.person.kind is PersonKind.MEMBER


def is_offered_telegram(identity: Identity) -> bool:
    """Where a bot is set up, or while a chat from before is connected, to take it away."""
    return outgoing_of(current_app).bot is not None or connected_chat(identity.person) is not None


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the side navigation. ``is_offered`` says whether this person has it at all."""

    slug: str
    label: str
    icon: str
    endpoint: str
    is_offered: Callable[[Identity], bool] = offered_to_everybody


SECTIONS = (
    Section("profile", "Profile", "person", "own_settings.profile"),
    Section("security", "Password and security", "shield-lock", "own_settings.security"),
    Section("two-step", "Two-step verification", "shield-check", "own_settings.two_step"),
    Section("sessions", "Sessions", "laptop", "own_settings.sessions"),
    Section("networks", "Allowed networks", "globe", "own_settings.networks"),
    Section("phone", "Phone", "phone", "own_settings.phone"),
    Section("telegram", "Telegram", "telegram", "own_settings.telegram", is_offered_telegram),
    Section("notifications", "Notifications", "bell", "own_settings.notifications"),
    Section("policies", "Policies", "journal-check", "own_settings.policies", is_asked_about_policies),
    Section("your-data", "Your data", "person-lock", "own_settings.your_data"),
    Section(
        "sign-in-methods",
        "Sign-in methods",
        "link-45deg",
        "own_settings.sign_in_methods",
        lambda identity: offers_social_sign_in(identity.person.id),
    ),
)


@blueprint.get("")
@blueprint.get("/")
@signed_in
def index() -> Response:
    """The first section. ``from`` is the page one came from, to go back to."""
    came_from = safe_next(request.args.get("from"))
    if came_from and not came_from.startswith(blueprint.url_prefix or "/settings"):
        session[BACK] = came_from
    return see_other(url_for(SECTIONS[0].endpoint))


def me() -> Identity:
    """Who is here, on a page that nobody reaches without a session."""
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a page for people with a session was reached without one")
    return identity


def own_actor() -> Actor:
    """The person as the actor of what they do to their own settings, with their last proof of identity."""
    identity = me()
    return person_as_actor(identity.person, browser_here(), identity.session)


def own_page(template: str, *, section: str, status: int = 200, form: Form | None = None, **values: Any) -> Response:
    """Draw pages/own_settings/<template>.html in the frame, with the form's mistakes unless ``errors`` are given."""
    if form is not None:
        values.setdefault("errors", errors_of(form))
    page = render_template(
        f"pages/own_settings/{template}.html", form=form, **frame_values(section), **{"errors": (), **values}
    )
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def frame_values(section: str) -> dict[str, Any]:
    """What layouts/settings.html asks for: the sections, which one this is, and the way back."""
    identity = me()
    offered = [each for each in SECTIONS if each.is_offered(identity)]
    return {
        "sections": [
            {"label": each.label, "url": url_for(each.endpoint), "icon": each.icon, "current": each.slug == section}
            for each in offered
        ],
        "section_label": next(each.label for each in SECTIONS if each.slug == section),
        "back": _way_back(identity),
    }


def refused(
    template: str, refusal: Refusal, *, section: str, form: Form, field: str = "", status: int = 422, **values: Any
) -> Response:
    """The page again, with what was typed and why it was refused."""
    if field:
        form[field].errors = [*form[field].errors, refusal.message]
    errors = [(form[field].id if field else "", refusal.message)]
    return own_page(template, section=section, status=status, form=form, errors=errors, **values)


def errors_of(form: Form) -> Sequence[tuple[str, str]]:
    """Every mistake with the id of its field; an old token has no field to lead to."""
    return [
        (form[name].id if name in form and name != "csrf_token" else "", text)
        for name, texts in form.errors.items()
        for text in texts
    ]


def see(endpoint: str) -> Response:
    """Go to a page of the settings with GET."""
    return see_other(url_for(f"own_settings.{endpoint}"))


def when(moment: dt.datetime) -> str:
    """A moment in the person's language and time zone."""
    here = moment.astimezone(zone_of(me().person.time_zone))
    return f"{format_date(here.date(), 'medium', locale=select_locale())}, {here:%H:%M}"


def _way_back(identity: Identity) -> dict[str, str]:
    """Where the person was, named: the back office, the account, or where they begin."""
    address = safe_next(session.get(BACK)) or landing_url(identity)
    if address.startswith("/staff"):
        return {"url": address, "label": "Back office"}
    account = _IN_PORTAL.match(address)
    seats = live_seats(identity.person.id) if account else []
    label = next((seat.account_name for seat in seats if account and seat.client_id == account[1]), "Portal")
    return {"url": address, "label": label}
