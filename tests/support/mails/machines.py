"""Mails that nobody wrote: bounces, automatic answers, receipts, lists, and our own that came round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models import InboundOutcome
from tests.support.mails.writing import a_mail, raw

_REPORT = (
    "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    "Final-Recipient: rfc822; ann@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: It\r\n\r\nText\r\n--b--\r\n"
)
_AUTOMATIC = {
    "out of office": {"Auto_Submitted": "auto-replied"},
    "out of office of exchange": {"X_Auto_Response_Suppress": "All", "Auto_Submitted": "auto-generated"},
    "vacation": {"Precedence": "bulk", "X_Vacation": "yes"},
    "autoresponder": {"X_Autoreply": "yes"},
    "autoresponder of old": {"Precedence": "auto_reply"},
    "monitoring": {"Auto_Submitted": "auto-generated"},
    "newsletter": {"Precedence": "list", "List_Unsubscribe": "<https://list.example/u>"},
    "junk": {"Precedence": "junk"},
}


def mails_of_machines(house: Any) -> Iterator[tuple]:
    """Twenty of them, each rejected with a reason."""
    rejected, to = InboundOutcome.REJECTED, house.reply
    for name, headers in _AUTOMATIC.items():
        yield name, a_mail(house.member, to, "Automatic reply: It", "I am away.", **headers), to, rejected
    away = a_mail(house.member, to, "Out of office: It", "I am away.", X_Auto_Response_Suppress="All")
    yield "away by its subject", away, to, rejected
    yield "away with an empty envelope", a_mail(house.member, to, "Automatische Antwort", "Weg."), to, rejected, ""
    head = ("From: MAILER-DAEMON@mx.example", f"To: {to}", "Subject: Undelivered Mail", "MIME-Version: 1.0")
    report = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
    yield "bounce", raw(*head, "Message-ID: <b1@mx.example>", report, body=_REPORT), to, rejected, ""
    told = ("From: Postmaster <postmaster@mx.example>", f"To: {to}", "Message-ID: <b2@mx.example>")
    yield "bounce in words", raw(*told, "Subject: failure notice", body="Sorry."), to, rejected, ""
    known = (f"From: {house.member}", f"To: {to}", "Message-ID: <b3@mx.example>")
    yield "bounce from a known address", raw(*known, report, body=_REPORT), to, rejected, "bounces@mx.example"
    yield "bounce by its envelope", a_mail(house.member, to, "Undelivered", "Sorry."), to, rejected, "<>"
    yield "bounce by its return path", a_mail(house.member, to, Return_Path="<>"), to, rejected
    yield "bounce that names recipients", a_mail(house.member, to, X_Failed_Recipients="x@y.example"), to, rejected
    receipt = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b"
    yield "read receipt", raw(*known[:2], "Message-ID: <r@mx.example>", receipt, body=_REPORT), to, rejected
    yield "loop by our header", a_mail(house.member, to, X_Foyer_Installation="p.example"), to, rejected
    yield "loop by our message-id", a_mail(house.member, to, message_id=house.sent_id), to, rejected
    hops = ["Received: from a.example by b.example"] * 60
    yield "loop by many servers", raw(*hops, *known[:2], "Message-ID: <h@mx.example>", body="Hi"), to, rejected
