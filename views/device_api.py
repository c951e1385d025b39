"""The license activation API: for devices, without session or form token. What they are told is signed."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import Final, NamedTuple

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from config import Settings
from domain.attempts import TooManyAttempts
from domain.entitlements import NonceNotReadable
from domain.hardware import IpNotReadable, MacNotOfDevice, MacNotReadable
from domain.refusals import Refusal
from extensions import csrf
from services import activations
from services.device_door import LicenseUnknown, Question, answer_device, read_device
from services.entitlement_signing import entitlement_signer
from views.access import public
from views.clock import now
from views.device_messages import DeviceRequest
from views.problems import http_problem, problem

BASE: Final = "/api/v1/device"
LONGEST_REQUEST: Final = 16 * 1024
KEPT_SECONDS: Final = 3600

blueprint = Blueprint("device_api", __name__, url_prefix=BASE)
log = logging.getLogger("foyer.devices")


class Kind(NamedTuple):
    """How a refusal is told: its name for programs, the HTTP status, and a title for people."""

    name: str
    status: int
    title: str


INVALID: Final = Kind("invalid-request", 422, "The request cannot be read")
TOO_MANY: Final = Kind("too-many-attempts", 429, "Too many attempts")
REFUSED: Final = Kind("refused", 409, "This is not possible now")
KINDS: Final[dict[type[Refusal], Kind]] = {
    LicenseUnknown: Kind("license-unknown", 404, "No such license"),
    activations.AccountNotServed: Kind("account-suspended", 403, "The account is suspended"),
    activations.LicenseSuspended: Kind("license-suspended", 403, "The license is suspended"),
    activations.LicenseExpired: Kind("license-expired", 403, "The license has expired"),
    activations.LicenseTerminated: Kind("license-terminated", 403, "The license has ended"),
    activations.LockedToOtherDevice: Kind("hardware-lock", 409, "The license is locked to another device"),
    activations.NoActivationLeft: Kind("activation-limit", 409, "No more devices can be active"),
    activations.DeviceNotActive: Kind("not-activated", 409, "The license is not active on this device"),
    TooManyAttempts: TOO_MANY,
}
_OF_FIELD: Final[dict[type[Refusal], str]] = {
    MacNotReadable: "mac_address",
    MacNotOfDevice: "mac_address",
    IpNotReadable: "ip",
    NonceNotReadable: "nonce",
}


@blueprint.post("/activate")
@public
@csrf.exempt
def activate() -> ResponseReturnValue:
    """Lock the license to the device, or take one of its further places, and say what it entitles to."""
    return _answer("activate")


@blueprint.post("/check")
@public
@csrf.exempt
def check() -> ResponseReturnValue:
    """Say what the license entitles an active device to, as of now."""
    return _answer("check")


@blueprint.post("/deactivate")
@public
@csrf.exempt
def deactivate() -> ResponseReturnValue:
    """End the activation of the device. The hardware lock stays until a reset."""
    return _answer("deactivate")


@blueprint.get("/keys")
@public
def keys() -> ResponseReturnValue:
    """The public keys that signed answers are checked with."""
    return _kept(jsonify(keys=entitlement_signer.public_keys()))


@blueprint.get("/openapi.json")
@public
def document() -> ResponseReturnValue:
    """This API as an OpenAPI document."""
    from views.device_api_document import openapi_document  # which knows this module

    settings: Settings = current_app.extensions["settings"]
    return _kept(jsonify(openapi_document(settings.base_url)))


def _answer(act: str) -> ResponseReturnValue:
    request.max_content_length = LONGEST_REQUEST
    if not request.is_json:
        return http_problem(415, "Send JSON, with Content-Type: application/json.")
    settings: Settings = current_app.extensions["settings"]
    try:
        asked = _question()
        signed = answer_device(act, asked, ip=request.remote_addr, issuer=settings.base_url, now=now())
    except ValidationError as error:
        return _not_readable(error)
    except Refusal as refusal:
        return _refused(act, refusal)
    return jsonify(dataclasses.asdict(signed))


def _question() -> Question:
    sent = DeviceRequest.model_validate_json(request.get_data(cache=False))
    device = read_device(sent.mac_address, sent.ip or request.remote_addr or "", sent.hostname)
    return Question(sent.code, device, sent.nonce)


def _refused(act: str, refusal: Refusal) -> Response:
    field = _OF_FIELD.get(type(refusal))
    if field is not None:
        return _invalid([{"field": field, "detail": refusal.message}])
    kind = KINDS.get(type(refusal), REFUSED)
    log.info("%s from %s was refused: %s", act, request.remote_addr, kind.name)
    headers = {}
    if isinstance(refusal, TooManyAttempts):
        headers["Retry-After"] = str(max(1, math.ceil(refusal.wait.total_seconds())))
    return problem(kind.status, kind.name, kind.title, refusal.message, headers=headers)


def _not_readable(error: ValidationError) -> Response:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return _invalid([{"field": ".".join(map(str, each["loc"])), "detail": each["msg"]} for each in faults])


def _invalid(errors: list[dict[str, str]]) -> Response:
    detail = "Correct what is named under errors, and send it again."
    return problem(INVALID.status, INVALID.name, INVALID.title, detail, errors=errors)


def _kept(response: Response) -> Response:
    """Everybody gets the same, and a device need not ask each time."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response
