"""Settings that belong together, each group with what must be set at once. config.py makes one set of them."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings


class Environment(StrEnum):
    """What kind of installation this is."""

    DEMO = "demo"
    PRODUCTION = "production"
    TEST = "test"


class InstallationSettings(BaseSettings):
    """What the rules of all groups ask for."""

    environment: Environment = Field(Environment.DEMO, validation_alias="FOYER_ENV")


class BucketSettings(InstallationSettings):
    """Where contents of files are kept: without a bucket below DATA_DIR."""

    s3_bucket: str = ""
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")
    s3_region: str = "us-east-1"
    s3_endpoint: str = ""  # of a store that is not Amazon's
    s3_prefix: str = Field("", pattern=r"^[A-Za-z0-9._/-]*$")

    @field_validator("s3_endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("write an address like https://s3.example.com")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_half_a_bucket(self) -> Self:
        given = [self.s3_bucket, self.s3_access_key_id, self.s3_secret_access_key.get_secret_value()]
        if any(given) and not all(given):
            raise ValueError("S3_BUCKET: set it together with S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY")
        if self.environment is Environment.PRODUCTION and self.s3_endpoint.startswith("http://"):
            raise ValueError("S3_ENDPOINT: write an address that begins with https://")
        return self


class SmsSettings(InstallationSettings):
    """Codes by SMS."""

    # Codes by SMS, through Twilio. Without an account, the demo keeps them to be read, and elsewhere none are sent.
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = ""
    twilio_url: str = "https://api.twilio.com"

    @model_validator(mode="after")
    def _refuse_half_a_sms_account(self) -> Self:
        token = self.twilio_auth_token.get_secret_value()
        given = [bool(self.twilio_account_sid), bool(token), bool(self.twilio_from)]
        if any(given) and not all(given):
            raise ValueError("TWILIO_ACCOUNT_SID: set it together with TWILIO_AUTH_TOKEN and TWILIO_FROM")
        return self


class TelegramSettings(InstallationSettings):
    """The bot that people talk with. Without a token it is not offered; the demo then talks with a stand-in."""

    telegram_bot_token: SecretStr = SecretStr("")
    telegram_bot_username: str = Field("", pattern=r"^([A-Za-z][A-Za-z0-9_]{4,31})?$")  # stands in links to the bot
    telegram_url: str = "https://api.telegram.org"
    demo_telegram_port: int = Field(0, ge=0, le=65535)  # where the demo's stand-in listens; 0: any free port

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("write it as it was given out, like 123456:ABC-DEF")
        return value

    @model_validator(mode="after")
    def _refuse_half_a_bot(self) -> Self:
        if bool(self.telegram_bot_token.get_secret_value()) != bool(self.telegram_bot_username):
            raise ValueError("TELEGRAM_BOT_TOKEN: set it together with TELEGRAM_BOT_USERNAME")
        parts = urlsplit(self.telegram_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("TELEGRAM_URL: write an address like https://api.telegram.org")
        on_this_machine = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme == "http" and not on_this_machine:
            raise ValueError("TELEGRAM_URL: only a server on this machine is talked with without encryption")
        return self


class GatewaySettings(InstallationSettings):
    """Through whom customers pay."""

    # Cards through Stripe. Without a secret key they are not offered (the demo pays through the simulator).
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_url: str = "https://api.stripe.com"
    # PayPal: orders and billing agreements. The certificates that it signs events with are a PEM file of ours.
    paypal_client_id: str = ""
    paypal_client_secret: SecretStr = SecretStr("")
    paypal_webhook_id: str = ""
    paypal_certificates: Path | None = None
    paypal_url: str = "https://api-m.paypal.com"
    # Cards through Authorize.net. A merchant's account there has one currency.
    authorize_net_login_id: str = ""
    authorize_net_transaction_key: SecretStr = SecretStr("")
    authorize_net_signature_key: SecretStr = SecretStr("")
    authorize_net_currency: str = Field("USD", pattern="^[A-Z]{3}$")
    authorize_net_url: str = "https://api.authorize.net/xml/v1/request.api"
    demo_gateways_port: int = Field(0, ge=0, le=65535)  # where the simulator of the demo listens; 0: any free port

    @model_validator(mode="after")
    def _refuse_half_a_stripe_account(self) -> Self:
        key, secret = self.stripe_secret_key.get_secret_value(), self.stripe_webhook_secret.get_secret_value()
        if bool(key) != bool(secret):
            raise ValueError("STRIPE_SECRET_KEY: set it together with STRIPE_WEBHOOK_SECRET")
        if self.environment is Environment.DEMO and "_live_" in key:
            raise ValueError("STRIPE_SECRET_KEY: the demo takes no real money; use a key of Stripe's test mode")
        if self.environment is Environment.PRODUCTION and not self.stripe_url.startswith("https://"):
            raise ValueError("STRIPE_URL: write an address that begins with https://")
        return self

    @model_validator(mode="after")
    def _refuse_half_a_paypal_account(self) -> Self:
        given = [self.paypal_client_id, self.paypal_client_secret.get_secret_value(), self.paypal_webhook_id]
        if any(given) and not (all(given) and self.paypal_certificates):
            raise ValueError(
                "PAYPAL_CLIENT_ID: set it together with PAYPAL_CLIENT_SECRET, PAYPAL_WEBHOOK_ID and PAYPAL_CERTIFICATES"
            )
        if self.paypal_certificates is not None and not _holds_certificates(self.paypal_certificates):
            raise ValueError("PAYPAL_CERTIFICATES: name a file with at least one certificate in PEM")
        if self.environment is Environment.DEMO and all(given) and self.paypal_url == "https://api-m.paypal.com":
            raise ValueError("PAYPAL_URL: the demo takes no real money; use https://api-m.sandbox.paypal.com")
        if self.environment is Environment.PRODUCTION and not self.paypal_url.startswith("https://"):
            raise ValueError("PAYPAL_URL: write an address that begins with https://")
        return self

    @model_validator(mode="after")
    def _refuse_half_an_authorize_net_account(self) -> Self:
        secrets = (self.authorize_net_transaction_key, self.authorize_net_signature_key)
        given = [self.authorize_net_login_id, *(secret.get_secret_value() for secret in secrets)]
        if any(given) and not all(given):
            raise ValueError(
                "AUTHORIZE_NET_LOGIN_ID: set it together with AUTHORIZE_NET_TRANSACTION_KEY and"
                " AUTHORIZE_NET_SIGNATURE_KEY"
            )
        if self.environment is Environment.DEMO and all(given) and "://api.authorize.net/" in self.authorize_net_url:
            raise ValueError("AUTHORIZE_NET_URL: the demo takes no real money; use that of the sandbox")
        if self.environment is Environment.PRODUCTION and not self.authorize_net_url.startswith("https://"):
            raise ValueError("AUTHORIZE_NET_URL: write an address that begins with https://")
        return self


def _holds_certificates(path: Path) -> bool:
    try:
        return bool(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        return False


class MailInSettings(BaseSettings):
    """Incoming mail. Answers to mails about tickets go to signed addresses of the domain; without it to none."""

    mail_in_domain: str = ""
    mail_in_authserv_id: str = ""  # whose Authentication-Results are believed
    # Where a mail server on this machine hands them over. Without a port nothing listens.
    mail_in_port: int = Field(0, ge=0, le=65535)
    mail_in_protocol: Literal["lmtp", "smtp"] = "lmtp"
    # A mailbox they are fetched from, once a minute. Without a server none is.
    mail_in_imap_server: str = ""
    mail_in_imap_port: int = Field(993, ge=1, le=65535)
    mail_in_imap_use_ssl: bool = True
    mail_in_imap_username: str = ""
    mail_in_imap_password: SecretStr = SecretStr("")
    mail_in_imap_folder: str = Field("INBOX", pattern=r'^[^"\\\r\n]+$')

    @field_validator("mail_in_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        if value and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value.lower()):
            raise ValueError("write a domain like mail.example.com")
        return value.lower()

    @model_validator(mode="after")
    def _refuse_half_a_mailbox(self) -> Self:
        given = [self.mail_in_imap_server, self.mail_in_imap_username, self.mail_in_imap_password.get_secret_value()]
        if any(given) and not all(given):
            raise ValueError(
                "MAIL_IN_IMAP_SERVER: set it together with MAIL_IN_IMAP_USERNAME and MAIL_IN_IMAP_PASSWORD"
            )
        on_this_machine = self.mail_in_imap_server in ("localhost", "127.0.0.1", "::1")
        if all(given) and not self.mail_in_imap_use_ssl and not on_this_machine:
            raise ValueError("MAIL_IN_IMAP_USE_SSL: only a mailbox on this machine is opened without encryption")
        return self
