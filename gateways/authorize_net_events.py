"""Events of Authorize.net, proved by the signature key. https://developer.authorize.net/api/reference/features/webhooks.html

The signature covers the body alone, so its age is that of the event within.
"""

from __future__ import annotations

import binascii
import contextlib
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from domain.money import parse_minor
from domain.refusals import Refusal
from gateways.authorize_net_objects import APPROVED, DECLINED
from gateways.port import EventKind, EventRefused, GatewayNotice, MethodRefs

FRESH_FOR: Final = dt.timedelta(days=4)
"""Authorize.net tries for three days to deliver. What comes twice meanwhile is known by its name."""
_AHEAD: Final = dt.timedelta(minutes=5)
_PREFIX: Final = "sha512="


def read_authorize_net_event(
    headers: Mapping[str, str], body: bytes, *, signature_key: str, currency: str, now: dt.datetime
) -> GatewayNotice:
    """Prove and read one event. It names no currency: a merchant's account has one. Raises EventRefused."""
    given = {name.lower(): value for name, value in headers.items()}.get("x-anet-signature", "")
    _prove(given, body, signature_key)
    try:
        event = json.loads(body, parse_float=Decimal)
        name, told, occurred_at = str(event["eventType"]), event["payload"], _moment(str(event["eventDate"]))
        _refuse_old(occurred_at, now)
        values = _READERS.get(name, _other)(told, currency)
        return GatewayNotice(str(event["notificationId"]), name=name, occurred_at=occurred_at, **values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, Refusal) as error:
        raise EventRefused("it is signed right but cannot be read") from error


def _prove(given: str, body: bytes, signature_key: str) -> None:
    if not signature_key or not given.lower().startswith(_PREFIX):
        raise EventRefused("it is not signed, or we have no signature key")
    told = given[len(_PREFIX) :].lower()
    if not any(hmac.compare_digest(told.encode(), each.encode()) for each in _signatures(body, signature_key)):
        raise EventRefused("the signature does not prove it")


def _signatures(body: bytes, signature_key: str) -> list[str]:
    """Made with the key as it is written, and with the bytes that its hex digits stand for.

    The documentation does not say which it is; both were seen, and who can make either has the key.
    """
    keys = [signature_key.encode()]
    with contextlib.suppress(ValueError):
        keys.append(binascii.unhexlify(signature_key))
    return [hmac.digest(key, body, hashlib.sha512).hex() for key in keys]


def _moment(text: str) -> dt.datetime:
    """``2017-03-29T20:48:02.7080095Z``: with more digits than Python reads."""
    whole, _point, _fraction = text.removesuffix("Z").partition(".")
    return dt.datetime.fromisoformat(whole).replace(tzinfo=dt.UTC)


def _refuse_old(occurred_at: dt.datetime, now: dt.datetime) -> None:
    if now - occurred_at > FRESH_FOR or occurred_at - now > _AHEAD:
        raise EventRefused("it is too old, or from the future")


def _money(told: Mapping[str, Any], currency: str) -> dict[str, Any]:
    amount = format(Decimal(told["authAmount"]).normalize(), "f")
    return {
        "key": told.get("invoiceNumber") or told.get("merchantReferenceId"),
        "gateway_ref": str(told["id"]),
        "amount": parse_minor(amount, currency),
        "currency": currency,
    }


def _taken(told: Mapping[str, Any], currency: str) -> dict[str, Any]:
    if str(told["responseCode"]) != APPROVED:
        return _other(told, currency)  # refused on the page, where another card may follow; or held for review
    return {"kind": EventKind.CHARGE_SUCCEEDED, **_money(told, currency)}


def _refused(told: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {"kind": EventKind.CHARGE_DECLINED, "message": DECLINED, **_money(told, currency)}


def _refunded(told: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {"kind": EventKind.REFUND_SUCCEEDED, **_money(told, currency)}


def _removed(told: Mapping[str, Any], _currency: str) -> dict[str, Any]:
    return {
        "kind": EventKind.METHOD_REMOVED,
        "refs": MethodRefs(str(told["customerProfileId"]), str(told["id"])),
    }


def _other(_told: Mapping[str, Any], _currency: str) -> dict[str, Any]:
    return {"kind": EventKind.OTHER}


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any]]]] = {
    "net.authorize.payment.authcapture.created": _taken,
    "net.authorize.payment.fraud.approved": _taken,
    "net.authorize.payment.fraud.declined": _refused,
    "net.authorize.payment.refund.created": _refunded,
    "net.authorize.customer.paymentProfile.deleted": _removed,
}
