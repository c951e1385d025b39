"""What sends messages in this installation: put together from the settings, kept with the app."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from flask_mail import Mail

from config import Environment, Settings
from integrations.mail import FlaskMailer, MailServer
from integrations.sms import KeepsSms, KeptSms, SmsGateway, Twilio, TwilioAccount
from integrations.telegram import Bot, ChatGateway, Telegram
from models.notification import NotificationChannel
from services.outgoing import MailSender, Sender
from services.sms import SmsSender
from services.telegram_outbox import ChatSender

EXTENSION: Final = "outgoing"
RECEIVED_MAIL: Final = "received-mail"
RECEIVED_SMS: Final = "received-sms"
_ANSWERS_TO_ONE_MAIL: Final = (
    10  # connecting, greetings, sender, recipient, text, goodbye: each may take the whole time-out
)


@dataclass(frozen=True, slots=True)
class BotInUse:
    """The bot that chats are talked with. ``link`` is where a person finds it; the code comes behind it."""

    key: str
    username: str
    gateway: ChatGateway
    link: str


@dataclass(slots=True)
class OutgoingChannels:
    """A sender for each channel that is set up; ``lease`` is the longest that one message may take."""

    senders: dict[NotificationChannel, Sender] = field(default_factory=dict)
    lease: dt.timedelta = dt.timedelta(minutes=5)
    bot: BotInUse | None = None


def install(app: Flask, settings: Settings) -> None:
    """Bind Flask-Mail and the senders that the settings name. Without a mail server, mails wait."""
    app.config.update(MAIL_DEFAULT_SENDER=settings.mail_default_sender, MAIL_SUPPRESS_SEND=False)
    mail = Mail(app)
    lease = dt.timedelta(seconds=settings.mail_timeout_seconds * _ANSWERS_TO_ONE_MAIL)
    outgoing = OutgoingChannels(lease=lease)
    app.extensions[EXTENSION] = outgoing
    app.extensions["mail_extension"] = mail
    if settings.mail_server:
        server = MailServer(
            host=settings.mail_server,
            port=settings.mail_port,
            use_tls=settings.mail_use_tls,
            use_ssl=settings.mail_use_ssl,
            username=settings.mail_username,
            password=settings.mail_password.get_secret_value(),
            timeout=settings.mail_timeout_seconds,
            named=_own_name(settings),
        )
        outgoing.senders[NotificationChannel.EMAIL] = MailSender(
            FlaskMailer(mail, server, sender=settings.mail_default_sender)
        )
    elif catches_mail(settings) and settings.demo_mail_port:
        send_to_catcher(app, settings, settings.demo_mail_port)
    gateway = sms_gateway(settings)
    if gateway is not None:
        outgoing.senders[NotificationChannel.SMS] = SmsSender(gateway)
    if settings.telegram_bot_username:
        token = settings.telegram_bot_token.get_secret_value()
        talk_by_telegram(app, Bot(token, settings.telegram_bot_username, settings.telegram_url))


def talk_by_telegram(app: Flask, bot: Bot, *, link: str = "") -> None:
    """Let this app talk with people through this bot, which they find at ``link``; without one at t.me."""
    outgoing, gateway = outgoing_of(app), Telegram(bot)
    link = link or f"https://t.me/{bot.username}?start="
    outgoing.bot = BotInUse(bot.key, bot.username, gateway, link)
    outgoing.senders[NotificationChannel.TELEGRAM] = ChatSender(gateway)


def sms_gateway(settings: Settings) -> SmsGateway | None:
    """Twilio where an account is set up; in the demo a stand-in that keeps messages to be read; else none."""
    if settings.twilio_account_sid:
        token = settings.twilio_auth_token.get_secret_value()
        account = TwilioAccount(settings.twilio_account_sid, token, settings.twilio_from, settings.twilio_url)
        return Twilio(account)
    return KeepsSms(sms_folder(settings)) if settings.environment is Environment.DEMO else None


def sms_kept_in_demo(settings: Settings, limit: int) -> Sequence[KeptSms]:
    """The newest messages that the stand-in was given."""
    return KeepsSms(sms_folder(settings)).newest(limit)


def sms_folder(settings: Settings) -> Path:
    """Where the demo keeps text messages."""
    return settings.data_dir / RECEIVED_SMS


def catches_mail(settings: Settings) -> bool:
    """Whether mails go to the catcher of the demo instead of a mail server."""
    return settings.environment is Environment.DEMO and not settings.mail_server


def send_to_catcher(app: Flask, settings: Settings, port: int) -> None:
    """Let this app's mails go to the catcher at this port of this machine."""
    server = MailServer(host="127.0.0.1", port=port, timeout=settings.mail_timeout_seconds, named=_own_name(settings))
    mailer = FlaskMailer(app.extensions["mail_extension"], server, sender=settings.mail_default_sender)
    outgoing_of(app).senders[NotificationChannel.EMAIL] = MailSender(mailer)


def outgoing_of(app: Flask) -> OutgoingChannels:
    found: OutgoingChannels = app.extensions[EXTENSION]
    return found


def catcher_folder(settings: Settings) -> Path:
    """Where the catcher of the demo keeps what it received."""
    return settings.data_dir / RECEIVED_MAIL


def _own_name(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or "localhost"
