"""Who is here: the session cookie, the person behind it, and where people are sent.

The cookie holds a random token and nothing else; everything about the session stands in the database. Flask's own
cookie holds the CSRF token and messages only and is never asked who somebody is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, g, request, session

from config import Settings
from domain.entitlements import key_bytes
from extensions import login_manager
from models.person import Person, PersonKind
from models.sign_in import SignInSession
from services import sessions
from services.devices import is_device_token, new_device_token
from services.entitlement_signing import entitlement_signer
from services.mail_senders import sender_proofs
from services.mail_texts import mail_texts
from services.mail_threads import reply_addresses
from services.networks import person_may_come_from
from services.passwords import passwords
from services.seats import live_seats
from services.sessions import Browser, Lifetime
from services.stored_files import stored_files
from services.unit_of_work import unit_of_work
from services.unsubscribing import unsubscribe_links
from views.clock import now

_LONGEST_NEXT = 2000
_LONGEST_COOKIE = 200
_DEVICE_COOKIE = "DEVICE_COOKIE_NAME"
_DEVICE_LIVES = dt.timedelta(days=400)  # the longest that browsers keep a cookie


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """The person of this request, the session they came with, and whether they owe an answer to a mandatory policy."""

    person: Person
    session: SignInSession
    policy_waits: bool = False

    # What Flask-Login asks its users.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.person.public_id


def install(app: Flask) -> None:
    """Bind what signing in needs to the settings, and let Flask-Login find the person by our cookie."""
    settings = _settings(app)
    secure = settings.base_url.startswith("https://")
    app.config.update(
        # Only over TLS and only from this very host can the __Host- cookie be set.
        IDENTITY_COOKIE_NAME="__Host-foyer" if secure else "foyer",
        IDENTITY_COOKIE_SECURE=secure,
        DEVICE_COOKIE_NAME="__Host-foyer-device" if secure else "foyer-device",
        # Flask-Login's own cookie is never looked at: no browser can send one of this name.
        REMEMBER_COOKIE_NAME=";",
        SESSION_PROTECTION=None,
    )
    bind_services(settings)
    login_manager.request_loader(lambda _request: current_identity())
    app.after_request(_forget_dead_cookie)


def bind_services(settings: Settings) -> None:
    """Hand the settings to what hashes passwords, signs and writes mails. There is one of each in a process."""
    passwords.bind(
        time_cost=settings.argon2_time_cost,
        memory_cost=settings.argon2_memory_kib,
        parallelism=settings.argon2_parallelism,
    )
    if settings.s3_bucket:
        stored_files.bind_bucket(
            settings.s3_bucket,
            access_key_id=settings.s3_access_key_id,
            secret_access_key=settings.s3_secret_access_key.get_secret_value(),
            region=settings.s3_region,
            endpoint=settings.s3_endpoint,
            prefix=settings.s3_prefix,
        )
    else:
        stored_files.bind_folder(settings.data_dir / "files")
    mail_texts.bind(brand_name=settings.brand_name, base_url=settings.base_url)
    unsubscribe_links.bind(settings.secret_key.get_secret_value())
    sender_proofs.bind(settings.mail_in_authserv_id)
    reply_addresses.bind(settings.secret_key.get_secret_value(), settings.mail_in_domain)
    entitlement_signer.bind(
        key_bytes(settings.activation_signing_key.get_secret_value()),
        [key_bytes(key) for key in settings.activation_published_keys],
    )


def current_identity() -> Identity | None:
    """Who is signed in, through all steps; None for everybody else. Asks the database once a request."""
    found = _find()
    return found if found is not None and found.session.second_step_at is not None else None


def waiting_identity() -> Identity | None:
    """Who has shown the password and still owes the second step."""
    found = _find()
    return found if found is not None and found.session.second_step_at is None else None


def note_presence(identity: Identity) -> None:
    """Keep the session from going idle; writes at most every five minutes."""
    if sessions.needs_touch(identity.session, now=now()):
        with unit_of_work():
            sessions.touch_session(identity.session, now=now())


def browser_here() -> Browser:
    """Where this request comes from. A browser without a device cookie is given one when its person is in."""
    return Browser(ip=request.remote_addr, user_agent=request.headers.get("User-Agent"), device=_device())


def session_lifetime() -> Lifetime:
    """How long sessions live, by the settings."""
    settings = _settings(current_app)
    return Lifetime(
        idle=dt.timedelta(minutes=settings.session_idle_minutes),
        absolute=dt.timedelta(hours=settings.session_lifetime_hours),
    )


def carry_in(response: Response, token: str, *, remember: bool | None = None) -> Response:
    """Give the browser its session, and start its forms anew: a CSRF token from before a sign-in is worth nothing.

    A session to ``remember`` outlives the browser's window; unless it is said, what holds for the present one goes on.
    """
    if remember is None:
        here = _find()
        remember = here is not None and here.session.remember
    renew_forms()
    _set_cookie(response, _DEVICE_COOKIE, _device(), max_age=_DEVICE_LIVES)
    _set_cookie(response, "IDENTITY_COOKIE_NAME", token, max_age=session_lifetime().absolute if remember else None)
    return response


def carry_out(response: Response) -> Response:
    """Take the session from the browser; what counts is that it has ended in the database."""
    response.delete_cookie(
        current_app.config["IDENTITY_COOKIE_NAME"],
        secure=current_app.config["IDENTITY_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def renew_forms() -> None:
    """Throw away the CSRF token and messages of the visitor from before."""
    session.clear()
    g.pop("csrf_token", None)
    g.pop("identity", None)


def landing_url(identity: Identity | None = None) -> str:
    """Where a person begins: at the page they chose, else the back office, or the account of their first seat."""
    identity = identity or current_identity()
    if identity is None:
        return "/sign-in"
    if identity.person.start_page:
        from views.start_pages import start_url  # it knows every record, which know this module

        chosen = start_url(identity)
        if chosen:
            return chosen
    if identity.person.kind is PersonKind.STAFF:
        return "/staff/"
    seats = live_seats(identity.person.id)
    return f"/portal/{seats[0].client_id}/" if seats else "/sign-in"


def sign_in_url() -> str:
    """The sign-in page, which leads back to the page that was asked for."""
    if request.method not in ("GET", "HEAD"):
        return "/sign-in"
    wanted = safe_next(request.full_path.rstrip("?"))
    return f"/sign-in?{urlencode({'next': wanted})}" if wanted and wanted != "/" else "/sign-in"


def safe_next(address: str | None) -> str:
    """The address if it is a path of our own; empty for any other: links in mails must not lead astray from here."""
    if not address or len(address) > _LONGEST_NEXT or not address.isprintable():
        return ""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if ours and not parts.scheme and not parts.netloc else ""


def _find() -> Identity | None:
    if "identity" not in g:
        g.identity = _load()
    found: Identity | None = g.identity
    return found


def _load() -> Identity | None:
    token = request.cookies.get(current_app.config["IDENTITY_COOKIE_NAME"], "")
    if not token:
        return None
    if len(token) > _LONGEST_COOKIE:
        return None
    found = sessions.find_living_session(token, now=now(), lifetime=session_lifetime())
    if found is not None:
        # From elsewhere the session is worth nothing, but it goes on where it was: a laptop comes back to the office.
        may_come = not found.networks_listed or person_may_come_from(found.person.id, request.remote_addr)
        return Identity(found.person, found.session, found.policy_waits) if may_come else None
    _bury(token)
    return None


def _bury(token: str) -> None:
    """End what is dead but was not ended, and take its cookie away.

    A token that no session has (any more) is left alone: it may have been replaced a moment ago, and the browser may
    hold the new one already when this answer arrives.
    """
    dead = sessions.find_dead_session(token)
    if dead is None:
        return
    g.identity_cookie_is_dead = True
    if dead.ended_at is None:
        reason = sessions.why_dead(dead, now=now(), lifetime=session_lifetime())
        with unit_of_work():
            sessions.end_session(dead, reason, now=now())


def _forget_dead_cookie(response: Response) -> Response:
    if g.get("identity_cookie_is_dead") and not _sets_identity(response):
        carry_out(response)
    return response


def _device() -> str:
    """What the device cookie holds, or will hold."""
    if "device" not in g:
        held = request.cookies.get(current_app.config[_DEVICE_COOKIE], "")
        g.device = held if is_device_token(held) else new_device_token()
    device: str = g.device
    return device


def _set_cookie(response: Response, setting: str, value: str, *, max_age: dt.timedelta | None) -> None:
    response.set_cookie(
        current_app.config[setting],
        value,
        max_age=max_age,
        secure=current_app.config["IDENTITY_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _sets_identity(response: Response) -> bool:
    name = current_app.config["IDENTITY_COOKIE_NAME"]
    return any(value.startswith(f"{name}=") for value in response.headers.getlist("Set-Cookie"))


def _settings(app: Any) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings
