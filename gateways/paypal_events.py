"""Events of PayPal, proved without asking it: by its certificate, which the settings keep.

PayPal signs ``<transmission id>|<time>|<id of our webhook>|<CRC-32 of the body>`` with RSA and SHA-256. The address of
the certificate stands in a header, which is where a forger would put theirs; so it is never fetched.
https://developer.paypal.com/api/rest/webhooks/rest/
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from domain.refusals import Refusal
from gateways.paypal_objects import agreement_of, charge_of_capture, fee_of, minor_of
from gateways.port import EventKind, EventRefused, GatewayNotice

FRESH_FOR: Final = dt.timedelta(days=4)
"""PayPal tries for three days to deliver, under the first signature. What comes twice is known by its name."""
_AHEAD: Final = dt.timedelta(minutes=5)


def read_paypal_event(
    headers: Mapping[str, str],
    body: bytes,
    *,
    webhook_id: str,
    certificates: Sequence[Certificate],
    now: dt.datetime,
) -> GatewayNotice:
    """Prove and read one event. Raises EventRefused."""
    _prove({name.lower(): value for name, value in headers.items()}, body, webhook_id, certificates, now)
    try:
        event = json.loads(body)
        told, name = event["resource"], str(event["event_type"])
        occurred_at = dt.datetime.fromisoformat(event["create_time"])
        return GatewayNotice(str(event["id"]), name=name, occurred_at=occurred_at, **_READERS.get(name, _other)(told))
    except (KeyError, TypeError, ValueError, AttributeError, Refusal) as error:
        raise EventRefused("it is signed right but cannot be read") from error


def _prove(
    headers: Mapping[str, str],
    body: bytes,
    webhook_id: str,
    certificates: Sequence[Certificate],
    now: dt.datetime,
) -> None:
    which, moment = headers.get("paypal-transmission-id", ""), headers.get("paypal-transmission-time", "")
    if not webhook_id or not which:
        raise EventRefused("it is not signed, or we have no webhook")
    try:
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
        signed_at = dt.datetime.fromisoformat(moment)
        too_old, too_new = now - signed_at > FRESH_FOR, signed_at - now > _AHEAD
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise EventRefused("the signature cannot be read") from error
    said = f"{which}|{moment}|{webhook_id}|{zlib.crc32(body)}".encode()
    if not any(_signed_by(each, signature, said, now) for each in certificates):
        raise EventRefused("the signature does not prove it")
    if too_old or too_new:
        raise EventRefused("the signature is too old, or from the future")


def _signed_by(certificate: Certificate, signature: bytes, said: bytes, now: dt.datetime) -> bool:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or not _is_valid(certificate, now):
        return False
    try:
        key.verify(signature, said, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _is_valid(certificate: Certificate, now: dt.datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _taken(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": EventKind.CHARGE_SUCCEEDED,
        "key": told.get("custom_id"),
        "gateway_ref": told["id"],
        "amount": minor_of(told["amount"]),
        "currency": told["amount"]["currency_code"],
        "fee": fee_of(told),
    }


def _declined(told: Mapping[str, Any]) -> dict[str, Any]:
    found = charge_of_capture({**told, "status": "DECLINED"}, None)
    return {
        "kind": EventKind.CHARGE_DECLINED,
        "key": told.get("custom_id"),
        "amount": minor_of(told["amount"]),
        "currency": told["amount"]["currency_code"],
        "code": found.code,
        "message": found.message,
    }


def _refund(kind: EventKind) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def read(told: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "kind": kind,
            "key": told.get("custom_id"),
            "gateway_ref": told["id"],
            "amount": minor_of(told["amount"]),
            "currency": told["amount"]["currency_code"],
        }

    return read


def _agreement_ended(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": EventKind.METHOD_REMOVED, "refs": agreement_of(told).refs}


def _other(_told: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": EventKind.OTHER}


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "PAYMENT.CAPTURE.COMPLETED": _taken,
    "PAYMENT.CAPTURE.DECLINED": _declined,
    "PAYMENT.CAPTURE.DENIED": _declined,
    "PAYMENT.CAPTURE.REFUNDED": _refund(EventKind.REFUND_SUCCEEDED),
    "PAYMENT.REFUND.FAILED": _refund(EventKind.REFUND_FAILED),
    "BILLING_AGREEMENTS.AGREEMENT.CANCELLED": _agreement_ended,
}
