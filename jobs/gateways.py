"""The gateways of this installation: put together from the settings, kept with the app."""

from __future__ import annotations

from typing import Final

from flask import Flask

from config import Settings
from gateways.authorize_net import AuthorizeNet
from gateways.by_hand import ByHand, Details
from gateways.paypal import PayPal
from gateways.port import Means
from gateways.registry import Gateways
from gateways.stripe import Stripe
from services.settings import text_setting

EXTENSION: Final = "gateways"


def install(app: Flask, settings: Settings) -> None:
    """Keep those that have their keys; one without is not offered. Staff's settings say where money is sent by hand."""
    found = Gateways()
    if settings.stripe_secret_key.get_secret_value():
        found.add(
            Stripe(
                settings.stripe_secret_key.get_secret_value(),
                settings.stripe_webhook_secret.get_secret_value(),
                api=settings.stripe_url,
            )
        )
    if settings.paypal_client_id and settings.paypal_certificates is not None:
        found.add(
            PayPal(
                settings.paypal_client_id,
                settings.paypal_client_secret.get_secret_value(),
                webhook_id=settings.paypal_webhook_id,
                certificates=settings.paypal_certificates.read_bytes(),
                api=settings.paypal_url,
            )
        )
    if settings.authorize_net_login_id:
        found.add(
            AuthorizeNet(
                settings.authorize_net_login_id,
                settings.authorize_net_transaction_key.get_secret_value(),
                settings.authorize_net_signature_key.get_secret_value(),
                currency=settings.authorize_net_currency,
                api=settings.authorize_net_url,
            )
        )
    found.add(ByHand(Means.BANK_TRANSFER, "Bank transfer", bank_details))
    found.add(ByHand(Means.CHEQUE, "Cheque", cheque_details))
    app.extensions[EXTENSION] = found


def gateways_of(app: Flask) -> Gateways:
    found: Gateways = app.extensions[EXTENSION]
    return found


def bank_details() -> Details:
    """Where a transfer goes; nothing without an account."""
    if not text_setting("bank_iban"):
        return ()
    told = (
        ("Payee", text_setting("bank_payee") or text_setting("seller_name")),
        ("IBAN or account", text_setting("bank_iban")),
        ("BIC or routing number", text_setting("bank_bic")),
        ("Bank", text_setting("bank_name")),
    )
    return tuple((what, value) for what, value in told if value)


def cheque_details() -> Details:
    """Who a cheque is made out to, and where it goes; nothing where none are taken."""
    if not text_setting("cheque_payable_to"):
        return ()
    told = (("Payable to", text_setting("cheque_payable_to")), ("Send it to", text_setting("cheque_address")))
    return tuple((what, value) for what, value in told if value)
