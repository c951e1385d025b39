"""Notifications: what this person is told over which channel, and the hours in which mails wait (SPEC F7)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from flask import Response, current_app
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, TimeField
from wtforms.validators import Optional

from domain.refusals import Refusal
from domain.sentences import Sentence, listed
from jobs.senders import outgoing_of
from models import NotificationChannel, NotificationKind, Person
from panel.form import Form
from services.choosing_notifications import choose_notifications
from services.notification_choices import address_of, chats_of, choices_of, may_be_switched_off
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash, said
from views.own_settings.frame import blueprint, me, own_actor, own_page, refused, see

SECTION: Final = "notifications"
KINDS: Final = {
    NotificationKind.TICKET_REPLIES: ("Ticket replies", "Somebody answered in a ticket you may see."),
    NotificationKind.SERVICE_STATUS: ("Service status", "Maintenance and trouble of what you use."),
    NotificationKind.INVOICES: ("Invoices", "New invoices, and those that are due."),
    NotificationKind.PAYMENTS: ("Payments", "Payments that arrived or failed, and refunds."),
    NotificationKind.SECURITY: ("Security", "Passwords, sign-ins and abuse. Always sent."),
    NotificationKind.NEWSLETTERS: ("Newsletters", "What is new, a few times a year."),
}
CHANNELS: Final = {
    NotificationChannel.PORTAL: "Portal",
    NotificationChannel.EMAIL: "E-mail",
    NotificationChannel.SMS: "SMS",
    NotificationChannel.TELEGRAM: "Telegram",
}


class NotificationsForm(Form):
    """A box for each kind over each channel that can be switched, added below; and the quiet hours."""

    quiet_from = TimeField("From", validators=[Optional()])
    quiet_until = TimeField("Until", validators=[Optional()])


for _kind in KINDS:
    for _channel in CHANNELS:
        setattr(
            NotificationsForm,
            f"{_kind.value}_{_channel.value}",
            BooleanField(
                Sentence(
                    "%(kind)s by %(channel)s", kind=Sentence(KINDS[_kind][0]), channel=Sentence(CHANNELS[_channel])
                )
            ),
        )


@blueprint.route("/notifications", methods=["GET", "POST"])
@signed_in
def notifications() -> ResponseReturnValue:
    """Show what is chosen; keep what is chosen anew."""
    person = me().person
    chosen = choices_of(person.id)
    kept = {name_of(kind, channel): on for (kind, channel), on in chosen.items()}
    form = NotificationsForm(data={**kept, "quiet_from": person.quiet_from, "quiet_until": person.quiet_until})
    if not form.is_submitted():
        return _page(form, person)
    if not form.validate():
        return _page(form, person, status=422)
    reached = _reached(person)
    wanted = {
        (kind, channel): bool(form[name_of(kind, channel)].data)
        for kind in KINDS
        for channel in CHANNELS
        if _state(kind, channel, reached) == "free"
    }
    try:
        with unit_of_work():
            choose_notifications(
                person,
                wanted,
                quiet_from=form.quiet_from.data,
                quiet_until=form.quiet_until.data,
                actor=own_actor(),
                now=now(),
            )
    except Refusal as refusal:
        return refused(
            "notifications",
            refusal,
            section=SECTION,
            form=form,
            field="quiet_until",
            rows=_rows(form, person),
            **_words(person),
        )
    flash("Your choice is saved.", "success")
    return see("notifications")


def name_of(kind: NotificationKind, channel: NotificationChannel) -> str:
    """The name of a box in the form."""
    return f"{kind.value}_{channel.value}"


def _page(form: NotificationsForm, person: Person, *, status: int = 200) -> Response:
    return own_page(
        "notifications", section=SECTION, status=status, form=form, rows=_rows(form, person), **_words(person)
    )


def _words(person: Person) -> dict[str, Any]:
    reached = _reached(person)
    missing = [Sentence(CHANNELS[channel]) for channel in CHANNELS if channel not in reached]
    return {
        "channels": list(CHANNELS.values()),
        "missing": said(listed(missing)) if missing else "",
        "email": person.email,
        "time_zone": person.time_zone or "UTC",
    }


def _rows(form: NotificationsForm, person: Person) -> list[dict[str, Any]]:
    reached = _reached(person)
    return [
        {
            "label": label,
            "help": help_text,
            "cells": [
                {"field": form[name_of(kind, channel)], "state": _state(kind, channel, reached)} for channel in CHANNELS
            ],
        }
        for kind, (label, help_text) in KINDS.items()
    ]


def _state(kind: NotificationKind, channel: NotificationChannel, reached: Collection[NotificationChannel]) -> str:
    """Whether a box is "free" to choose, "always" on, "missing" because nobody is reached that way, or "never" on.

    Security is told in the portal and by mail alone, so that it costs nothing and lies in nobody's chat.
    """
    if channel not in reached:
        return "missing"
    if not may_be_switched_off(kind, channel):
        return "always"
    return "never" if kind is NotificationKind.SECURITY else "free"


def _reached(person: Person) -> frozenset[NotificationChannel]:
    senders, chats = outgoing_of(current_app).senders, chats_of([person.id])
    others = (channel for channel in CHANNELS if channel in senders and address_of(person, channel, chats))
    return frozenset({NotificationChannel.PORTAL, NotificationChannel.EMAIL, *others})
