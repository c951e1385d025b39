"""Stored ways to pay: typed at the gateway, never here, and charged without their owner (SPEC D9).

A gateway is asked between two transactions, as for charges. While a method is pending its ``gateway_method_ref`` is the
handle of the gateway's page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from gateways.port import ChargeState, Means, MethodRefs, Payer, StoredMethod, StoreRequest, StoreResult
from gateways.registry import Gateways
from models.account import Account
from models.payment import PaymentKind
from models.payment_method import PaymentMethod, PaymentMethodKind, PaymentMethodStatus
from services.account_languages import language_of_account, written_for
from services.audit import record_event
from services.jobs import enqueue
from services.locks import lock_accounts, locked
from services.paying.charging import require_no_transaction
from services.paying.intents import MeansNotOffered
from services.paying.offers import is_offered
from services.people import refuse_while_logged_in_as
from services.unit_of_work import unit_of_work

FORGET_JOB: Final = "forget_payment_method"
PAGE_LASTS: Final = dt.timedelta(hours=3)
"""After that a method that was not typed on the gateway's page is given up."""
_LOOKED_FOR_AFTER: Final = dt.timedelta(minutes=1)
_AT_ONCE: Final = 100
_KINDS: Final = {
    Means.CARD: PaymentMethodKind.CARD,
    Means.PAYPAL_AGREEMENT: PaymentMethodKind.BILLING_AGREEMENT,
}
_MEANS: Final = {kind: means for means, kind in _KINDS.items()}
_PENDING_LABELS: Final = {
    PaymentMethodKind.CARD: "Card being added",
    PaymentMethodKind.BILLING_AGREEMENT: "Agreement being made",
}


class MethodNotActive(Refusal):
    message = "This payment method does not work any more. Add it anew."


class MethodGone(Refusal):
    message = "This payment method is removed already."


def storable(account: Account, gateways: Gateways) -> Sequence[tuple[PaymentMethodKind, str, str]]:
    """What the account may store: kind, gateway and what people call the gateway."""
    return [
        (_KINDS[means], gateway.name, gateway.label)
        for means in _KINDS
        for gateway in gateways.offering(means, account.currency)
        if means in gateway.stores and is_offered(account, PaymentKind(means.value))
    ]


def begin_storing(
    account: Account, kind: PaymentMethodKind, gateway: str, *, gateways: Gateways, actor: Actor, now: dt.datetime
) -> PaymentMethod:
    """Write the method as pending. Commit before `open_page` asks the gateway. Refused: MeansNotOffered."""
    refuse_while_logged_in_as(actor)
    if (kind, gateway) not in [(each, name) for each, name, _label in storable(account, gateways)]:
        raise MeansNotOffered
    method = PaymentMethod(
        account_id=account.id,
        kind=kind,
        status=PaymentMethodStatus.PENDING,
        label=language_of_account(account.id).say(_PENDING_LABELS[kind]),
        gateway=gateway,
        added_by_id=actor.person_id,
        created_at=now,
    )
    db.session.add(method)
    db.session.flush()
    return method


def open_page(method_id: int, gateways: Gateways, *, return_url: str, cancel_url: str) -> StoreResult:
    """Ask the gateway for the page where the method is typed; opens units of work of its own."""
    with unit_of_work():
        method = db.session.get_one(PaymentMethod, method_id)
        request, gateway = _request(method, return_url, cancel_url), gateways.get(method.gateway)
    require_no_transaction()
    result = gateway.store_method(request)
    with unit_of_work():
        method = locked(db.session.get_one(PaymentMethod, method_id))
        if method.status is PaymentMethodStatus.PENDING and result.handle is not None:
            method.gateway_method_ref = result.handle
    return result


def finish_storing(method_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> PaymentMethodStatus:
    """The person came back from the gateway's page: keep what may be kept. Asked again it changes nothing."""
    with unit_of_work():
        method = db.session.get_one(PaymentMethod, method_id)
        if method.status is not PaymentMethodStatus.PENDING or method.gateway_method_ref is None:
            return method.status
        handle, request, gateway = method.gateway_method_ref, _request(method, "", ""), gateways.get(method.gateway)
    require_no_transaction()
    result = gateway.finish_storing(request, handle)
    with unit_of_work():
        method = locked(db.session.get_one(PaymentMethod, method_id))
        if method.status is PaymentMethodStatus.PENDING and result.method is not None:
            _keep(method, result.method, actor, now)
        elif method.status is PaymentMethodStatus.PENDING and result.state is ChargeState.DECLINED:
            _give_up(method, now)
        return method.status


def methods_to_check(*, now: dt.datetime, limit: int = _AT_ONCE) -> Sequence[int]:
    """The methods that are pending for a while, by their row numbers: their person never came back from the page."""
    found = select(PaymentMethod.id).where(
        PaymentMethod.status == PaymentMethodStatus.PENDING, PaymentMethod.created_at <= now - _LOOKED_FOR_AFTER
    )
    return db.session.scalars(found.order_by(PaymentMethod.id).limit(limit)).all()


def check_storing(method_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> PaymentMethodStatus:
    """Keep what was typed on the gateway's page after all; opens units of work of its own.

    A method whose page nobody was led to, or who took too long there, is given up.
    """
    status = finish_storing(method_id, gateways, actor=actor, now=now)
    if status is not PaymentMethodStatus.PENDING:
        return status
    with unit_of_work():
        method = locked(db.session.get_one(PaymentMethod, method_id))
        no_page = method.gateway_method_ref is None and method.created_at <= now - _LOOKED_FOR_AFTER
        if method.status is PaymentMethodStatus.PENDING and (no_page or method.created_at <= now - PAGE_LASTS):
            _give_up(method, now)
        return method.status


def make_default(method: PaymentMethod, *, actor: Actor, now: dt.datetime) -> PaymentMethod:
    """Charge this one when something is due and nobody chooses. Refused: MethodNotActive."""
    refuse_while_logged_in_as(actor)
    lock_accounts([method.account_id])
    locked(method)
    if method.status is not PaymentMethodStatus.ACTIVE:
        raise MethodNotActive
    _make_default(method, actor, now)
    return method


def remove_method(method: PaymentMethod, *, actor: Actor, now: dt.datetime) -> PaymentMethod:
    """Use it no more from now on; a job lets the gateway forget it. Refused: MethodGone."""
    refuse_while_logged_in_as(actor)
    locked(method)
    if not method.can_remove:
        raise MethodGone
    was_pending = method.status is PaymentMethodStatus.PENDING
    _end(method, now)
    record_event("payment_method.removed", method, actor=actor, now=now, before={"label": method.label})
    if not was_pending and method.gateway_customer_ref and method.gateway_method_ref:
        enqueue(FORGET_JOB, {"method_id": method.id}, now=now, unique_key=f"{FORGET_JOB}:{method.public_id}")
    return method


def forget_at_gateway(method_id: int, gateways: Gateways) -> bool:
    """Let the gateway forget a removed method; False when it gave no clear answer and has to be asked again."""
    with unit_of_work():
        method = db.session.get_one(PaymentMethod, method_id)
        refs, name = MethodRefs(method.gateway_customer_ref or "", method.gateway_method_ref or ""), method.gateway
    require_no_transaction()
    return gateways.get(name).remove_method(refs)


def follow_gateway(
    gateway: str, refs: MethodRefs, changed: StoredMethod | None, *, actor: Actor, now: dt.datetime
) -> PaymentMethod | None:
    """What a gateway tells of a stored method: removed there, or renewed by its bank. None: it is none of ours."""
    found = select(PaymentMethod).where(
        PaymentMethod.gateway == gateway, PaymentMethod.gateway_method_ref == refs.method_ref
    )
    method = db.session.scalar(found.where(PaymentMethod.status != PaymentMethodStatus.PENDING))
    if method is None:
        return None
    locked(method)
    if method.status is PaymentMethodStatus.REMOVED:
        return method
    if changed is None:
        _end(method, now)
        record_event("payment_method.removed", method, actor=actor, now=now, before={"label": method.label})
    else:
        if changed.expires_on != method.expires_on:
            method.expiry_warned_days = None
        method.expires_on, method.last_four, method.brand = changed.expires_on, changed.last_four, changed.brand
        method.label, method.status = written_for(method.account_id, changed.label, 120), PaymentMethodStatus.ACTIVE
        method.version += 1
        db.session.flush()
    return method


def _give_up(method: PaymentMethod, now: dt.datetime) -> None:
    """Nothing was stored, so there is nothing that the gateway could forget."""
    _end(method, now)
    method.gateway_method_ref = None
    db.session.flush()


def _keep(method: PaymentMethod, found: StoredMethod, actor: Actor, now: dt.datetime) -> None:
    """Two pages that were open at once may both find the one card that was typed: it is kept once."""
    lock_accounts([method.account_id])
    there = select(PaymentMethod.id).where(
        PaymentMethod.gateway == method.gateway,
        PaymentMethod.gateway_customer_ref == found.refs.customer_ref,
        PaymentMethod.gateway_method_ref == found.refs.method_ref,
    )
    if db.session.scalar(there) is not None:
        _give_up(method, now)
        return
    method.status, method.label = PaymentMethodStatus.ACTIVE, written_for(method.account_id, found.label, 120)
    method.brand, method.last_four, method.expires_on = found.brand, found.last_four, found.expires_on
    method.gateway_customer_ref, method.gateway_method_ref = found.refs.customer_ref, found.refs.method_ref
    method.version += 1
    db.session.flush()
    record_event("payment_method.added", method, actor=actor, now=now, after={"label": method.label})
    others = select(PaymentMethod.id).where(
        PaymentMethod.account_id == method.account_id, PaymentMethod.is_default.is_(True)
    )
    if db.session.scalar(others.limit(1)) is None:
        _make_default(method, actor, now)


def _make_default(method: PaymentMethod, actor: Actor, now: dt.datetime) -> None:
    db.session.execute(
        update(PaymentMethod)
        .where(PaymentMethod.account_id == method.account_id, PaymentMethod.is_default.is_(True))
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )
    method.is_default = True
    method.version += 1
    db.session.flush()
    record_event("payment_method.made_default", method, actor=actor, now=now, after={"label": method.label})


def _end(method: PaymentMethod, now: dt.datetime) -> None:
    method.status, method.removed_at, method.is_default = PaymentMethodStatus.REMOVED, now, False
    method.version += 1
    db.session.flush()


def _request(method: PaymentMethod, return_url: str, cancel_url: str) -> StoreRequest:
    account = db.session.get_one(Account, method.account_id)
    known = select(PaymentMethod.gateway_customer_ref).where(
        PaymentMethod.account_id == account.id,
        PaymentMethod.gateway == method.gateway,
        PaymentMethod.gateway_customer_ref.is_not(None),
    )
    payer = Payer(
        account.client_id,
        account.billing_name or account.name,
        account.billing_email or "",
        account.billing_country or account.country,
    )
    customer = db.session.scalar(known.order_by(PaymentMethod.id.desc()).limit(1))
    return StoreRequest(method.public_id, _MEANS[method.kind], payer, return_url, cancel_url, customer)
