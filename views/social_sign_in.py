"""Signing in by the word of another house, and connecting an account of it: the way there, and the way back.

What must be remembered between the two stands in the browser's signed form session: so only the browser that set out
can come back, within ten minutes, to the same provider, and once.
"""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue

from config import Environment, Settings
from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from domain.sentences import Sentence
from services import social_identities, social_providers
from services.sign_in import person_as_actor
from services.social_providers import ProviderNotReached, Registration, SocialProviders
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from views.access import public
from views.clock import now
from views.identity import (
    Identity,
    browser_here,
    carry_in,
    current_identity,
    landing_url,
    safe_next,
    session_lifetime,
)
from views.see_other import see_other

blueprint = Blueprint("social_sign_in", __name__)

SETTINGS_PAGE: Final = "/settings/sign-in-methods"
WITHIN_SECONDS: Final = 10 * 60
_JOURNEY: Final = "social_journey"
_LONGEST: Final = 4096
_SIGN_IN, _CONNECT = "sign-in", "connect"


class WayBackNotKnown(Refusal):
    """Another browser, another provider, too late, or a second time: one answer for all."""

    message = "This answer does not belong to what this browser began, or it came too late. Begin again."


class NotAllowedThere(Refusal):
    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence("You did not allow %(label)s to tell us who you are. Nothing was changed.", label=label)
        )


class RefusedThere(Refusal):
    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence(
                "%(label)s could not tell us who you are. Begin again in a moment, or sign in another way.", label=label
            )
        )


def install(app: Flask) -> None:
    """Set up the providers that the settings name, and let the sign-in page show their buttons."""
    settings: Settings = app.extensions["settings"]
    providers = social_providers.make_social_providers(
        [
            Registration(
                each.name, each.label, each.issuer, each.client_id, each.client_secret.get_secret_value(), each.scopes
            )
            for each in settings.oidc_providers
        ],
        base_url=settings.base_url,
        local=settings.environment is not Environment.PRODUCTION,
        google=(settings.google_client_id, settings.google_client_secret.get_secret_value()),
        facebook=(settings.facebook_client_id, settings.facebook_client_secret.get_secret_value()),
    )
    app.extensions["social_providers"] = providers
    app.jinja_env.globals["social_houses"] = [
        {"name": provider.account.name, "label": provider.account.label} for provider in providers
    ]


def providers_here() -> SocialProviders:
    """The providers of this program."""
    found: SocialProviders = current_app.extensions["social_providers"]
    return found


def offers_social_sign_in(person_id: int) -> bool:
    """Whether there is another house to sign in by, or still an account of one to disconnect."""
    return any(providers_here()) or bool(social_identities.identities_of(person_id))


@blueprint.post("/sign-in/with/<name>")
@public
def depart(name: str) -> ResponseReturnValue:
    """Send the browser to the provider, to sign in. By POST with a token of ours: no link starts it unasked."""
    identity, wanted = current_identity(), safe_next(request.args.get("next"))
    if identity is not None:
        return redirect(wanted or landing_url(identity), code=303)
    return _send_away(name, _SIGN_IN, wanted=wanted)


def connect(name: str, identity: Identity) -> ResponseReturnValue:
    """Send the browser to the provider, to connect an account of it to whoever has this session."""
    return _send_away(name, _CONNECT, session_id=identity.session.public_id)


def _send_away(name: str, purpose: str, *, wanted: str = "", session_id: str = "") -> ResponseReturnValue:
    """Remember what this browser sets out for, and lead it to the provider.

    A page leads there and no redirect: the content policy lets forms be sent to ourselves only, redirects included.
    """
    provider = providers_here().find(name)
    if provider is None:
        abort(404)
    try:
        departure = social_providers.depart(provider, now=now())
    except Refusal as refusal:
        return _trouble(refusal, purpose)
    session[_JOURNEY] = {
        "provider": name,
        "purpose": purpose,
        "state": departure.state,
        "nonce": departure.nonce,
        "verifier": departure.verifier,
        "session": session_id,
        "next": wanted,
        "at": int(now().timestamp()),
    }
    page = render_template("pages/sign_in/leading_away.html", label=provider.account.label, url=departure.url)
    return make_response(page, 200, {"Refresh": f"0; url={departure.url}", "Cache-Control": "no-store"})


@blueprint.get("/sign-in/with/<name>/callback")
@public
def come_back(name: str) -> ResponseReturnValue:
    """Take the provider's answer: sign in, or connect the account."""
    provider = providers_here().find(name)
    if provider is None:
        abort(404)
    journey = _take_journey(name)
    purpose = journey["purpose"] if journey else _SIGN_IN
    label, code, error = provider.account.label, _argument("code"), _argument("error")
    if error:
        return _trouble(NotAllowedThere(label) if error == "access_denied" else RefusedThere(label), purpose)
    if journey is None or not code:
        return _trouble(WayBackNotKnown(), purpose)
    identity = current_identity()
    if purpose == _CONNECT and (identity is None or identity.session.public_id != journey["session"]):
        return _trouble(WayBackNotKnown(), purpose)
    try:
        proved, attempt_id = social_identities.prove_identity(
            provider,
            code,
            browser_here(),
            named_issuer=_argument("iss") or None,
            verifier=journey["verifier"],
            nonce=journey["nonce"],
            now=now(),
        )
        if purpose == _CONNECT and identity is not None:
            return _connect(identity, proved, attempt_id, label)
        return _sign_in(proved, attempt_id, label, journey["next"])
    except Refusal as refusal:
        return _trouble(refusal, purpose)


def _sign_in(proved: Any, attempt_id: int, label: str, wanted: str) -> Response:
    entry = social_identities.sign_in_with_identity(
        proved, attempt_id, label, browser_here(), now=now(), lifetime=session_lifetime()
    )
    if entry.waits_for_second_step:
        address = see_other(_code_page(wanted))
        return carry_in(address, entry.token)
    identity = Identity(person=entry.person, session=entry.session)
    return carry_in(see_other(wanted or landing_url(identity)), entry.token)


def _connect(identity: Identity, proved: Any, attempt_id: int, label: str) -> Response:
    actor = person_as_actor(identity.person, browser_here(), identity.session)
    answer = see_other(SETTINGS_PAGE)
    try:
        with unit_of_work():
            social_identities.bind_identity(
                identity.person, proved, label, actor=actor, now=now(), attempt_id=attempt_id
            )
    except ProofNeeded:  # it was recent when they set out
        flash("That took too long. Connect it again.", "warning")
        return answer
    flash(Sentence("Your %(label)s account is connected. You can sign in with it from now on.", label=label), "success")
    return answer


def _take_journey(name: str) -> dict[str, Any] | None:
    """What this browser set out for, when this is its way back; it is forgotten with that."""
    journey = session.get(_JOURNEY)
    state = _argument("state")
    if not isinstance(journey, dict) or not state:
        return None
    if not hmac.compare_digest(state.encode("utf-8", "surrogatepass"), str(journey["state"]).encode()):
        return None
    del session[_JOURNEY]
    in_time = 0 <= int(now().timestamp()) - int(journey["at"]) <= WITHIN_SECONDS
    return journey if in_time and journey["provider"] == name else None


def _argument(name: str) -> str:
    """A parameter of the answer; nothing when it is given twice or too long to be one."""
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= _LONGEST else ""


def _trouble(refusal: Refusal, purpose: str) -> Response:
    """Say in plain words why it came to nothing, and where to go on."""
    connecting = purpose == _CONNECT and current_identity() is not None
    status, headers = 409, {"Cache-Control": "no-store"}
    if isinstance(refusal, TooManyAttempts):
        status, headers["Retry-After"] = 429, str(int(refusal.wait.total_seconds()) + 1)
    elif isinstance(refusal, ProviderNotReached):
        status = 503
    elif isinstance(refusal, WayBackNotKnown):
        status = 400
    page = render_template(
        "pages/sign_in/social_trouble.html",
        message=refusal.message,
        back={"url": SETTINGS_PAGE, "label": "Back to your sign-in methods"}
        if connecting
        else {"url": "/sign-in", "label": "Back to sign-in"},
    )
    return make_response(page, status, headers)


def _code_page(wanted: str) -> str:
    return f"/sign-in/code?{urlencode({'next': wanted})}" if wanted else "/sign-in/code"
