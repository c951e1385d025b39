"""Logins as a member: the acts that begin one, the lists of them, and the consents to them."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from domain.actor import Actor
from domain.permissions import P
from models import Account, LoginAsSession, LoginConsent, Member
from models.sign_in import SignInSession
from panel import PORTAL, STAFF, Action, Choice, Column, DateRange, Lookup, Resource, reading
from panel.form import Form
from services.login_as import start_login_as, start_login_as_owner, stop_login_as
from services.login_consents import (
    ask_login_consent,
    ask_login_consent_for,
    decline_login_consent,
    give_login_consent,
    withdraw_login_consent,
)
from views.identity import current_identity


class LoginReasonForm(Form):
    """Why staff log in as a member, or ask to."""

    reason = StringField(
        "Reason",
        [
            InputRequired("Say why: the customer reads it."),
            Length(min=3, max=500, message="Say why in 3 to 500 letters."),
        ],
        description="The customer reads it, in a mail and in their portal. For example: Look at invoice INV-2026-0001.",
    )


def this_session() -> SignInSession:
    """The sign-in session of this browser."""
    identity = current_identity()
    if identity is None:
        raise RuntimeError("an act of the back office was reached without a session")
    return identity.session


def log_in_as(member: Member, *, actor: Actor, now: dt.datetime, reason: str) -> LoginAsSession:
    """Begin in this browser."""
    return start_login_as(member, reason=reason, actor=actor, session=this_session(), now=now)


def log_in_as_owner(account: Account, *, actor: Actor, now: dt.datetime, reason: str) -> LoginAsSession:
    """Begin in this browser, with the eyes of the owner."""
    return start_login_as_owner(account, reason=reason, actor=actor, session=this_session(), now=now)


def _portal_of(login: LoginAsSession) -> str:
    return f"/portal/{login.account.client_id}/"


_BEGIN: dict[str, Any] = {
    "grant": P.STAFF_ACCOUNTS_ENTER,
    "form": LoginReasonForm,
    "sensitive": True,
    "realms": {STAFF},
    "done": "You are logged in. Everything you do stands in the history with both names.",
    "next_url": _portal_of,
    "confirm": "You see what they see, for at most 60 minutes. The account's owner is told now, with your name and "
    "reason, and again when you leave. Passwords, factors, e-mail addresses, roles and payments stay out of reach.",
}
_ASK: dict[str, Any] = {
    "grant": P.STAFF_ACCOUNTS_ENTER,
    "form": LoginReasonForm,
    "realms": {STAFF},
    "name": "ask-for-consent",
    "confirm": "The account's owner gets a mail with your reason and says yes or no. You are told what they say.",
    "done": "The owner is asked. You get a mail with the answer.",
}
LOG_IN_AS_MEMBER = Action(
    log_in_as,
    "Log in as this member",
    when=Member.can_sign_in,
    why_not="This member cannot sign in at present, so nobody can in their place.",
    name="log-in-as",
    **_BEGIN,
)
ASK_FOR_MEMBER = Action(ask_login_consent_for, "Ask for consent", menu=False, **_ASK)
LOG_IN_AS_OWNER = Action(
    log_in_as_owner,
    "Log in as the owner",
    when=Account.can_sign_in,
    why_not="The account is suspended, so nobody can sign in there.",
    name="log-in-as-owner",
    **_BEGIN,
)
ASK_FOR_ACCOUNT = Action(
    ask_login_consent,
    "Ask for consent to log in",
    when=Account.login_consent_required,
    why_not="This account does not ask for its consent: log in without it.",
    **_ASK,
)


class LoginAsResource(Resource):
    model, slug, title, noun = LoginAsSession, "logins-as", "Logins as a member", "Login as a member"
    description = (
        "When our staff looked at an account with a member's eyes: who, when, why and, inside, what they changed."
    )
    group, icon, label, status = "Administration", "person-badge", "reason", "end_reason"
    columns = (
        Column("created_at", "From", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("staff_member.person.first_name", "Who"),
        Column("staff_member.person.last_name", "Last name"),
        Column("member.person.email", "As"),
        Column("reason"),
        Column("expires_at", "Until at the latest"),
        Column("ended_at", "Ended"),
        Column("end_reason", "How it ended"),
        Column("consent.decided_at", "Consent given", list=False),
    )
    filters = (
        Choice("end_reason", "How it ended"),
        Lookup("member", "As"),
        Lookup("staff_member", "Who", realms={STAFF}),
        Lookup("account", realms={STAFF}),
        DateRange("created_at", "Date"),
    )
    default_sort = "-created_at"
    load = ("staff_member", "member")
    grants = reading(P.LOGINS_AS_READ)
    actions = (
        Action(
            stop_login_as,
            "End this visit",
            grant=P.LOGINS_AS_DECIDE,
            when=LoginAsSession.can_stop,
            why_not="This login has ended already.",
            danger=True,
            confirm="They are out of the account with their next click.",
            done="The visit is ended.",
            name="end",
        ),
    )


class LoginConsentResource(Resource):
    model, slug, title, noun = LoginConsent, "login-consents", "Consents to log in", "Consent to log in"
    description = "Where an account wants to be asked before our staff log in as one of its members."
    group, icon, label = "Administration", "shield-check", "reason"
    columns = (
        Column("created_at", "Asked", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("staff_member.person.first_name", "Who"),
        Column("staff_member.person.last_name", "Last name"),
        Column("reason"),
        Column("status"),
        Column("decided_at", "Decided", list=False),
        Column("decided_by.person.email", "Decided by", list=False),
        Column("valid_until", "Holds until"),
    )
    filters = (Choice("status"), Lookup("account", realms={STAFF}), DateRange("created_at", "Date"))
    default_sort = "-created_at"
    grants = reading(P.LOGINS_AS_READ)
    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            give_login_consent,
            "Give consent",
            grant=P.LOGINS_AS_DECIDE,
            when=LoginConsent.is_open,
            realms={PORTAL},
            confirm="They may log in as members of your account until it runs out. You are told each time, and you can "
            "withdraw it.",
            done="The consent is given.",
            name="give",
        ),
        Action(
            decline_login_consent,
            "Decline",
            grant=P.LOGINS_AS_DECIDE,
            when=LoginConsent.is_open,
            realms={PORTAL},
            confirm="They do not get in, and are told that you declined.",
            done="You declined. Nobody logs in.",
            name="decline",
        ),
        Action(
            withdraw_login_consent,
            "Withdraw consent",
            grant=P.LOGINS_AS_DECIDE,
            when=LoginConsent.can_withdraw,
            why_not="Only a consent that was given can be withdrawn.",
            realms={PORTAL},
            danger=True,
            confirm="Who is logged in on this consent is out with their next click.",
            done="The consent is withdrawn.",
            name="withdraw",
        ),
    )
