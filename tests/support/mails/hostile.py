"""Mails that are broken, enormous or made to do harm."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from models import InboundOutcome
from tests.support.mails.writing import a_mail, raw

_MIB = 1024 * 1024


def hostile_mails(house: Any) -> Iterator[tuple]:
    """Fifteen of them: taken, held or rejected, and never lost."""
    new, held, rejected = InboundOutcome.NEW_TICKET, InboundOutcome.HELD, InboundOutcome.REJECTED
    to = house.support
    head = (f"From: {house.member}", f"To: {to}", "Subject: Files")

    def known(number: int) -> tuple[str, ...]:
        return (*head, f"Message-ID: <hostile{number}@elsewhere.example>")

    large = base64.encodebytes(bytes(22 * _MIB))
    binary = ("Content-Type: application/octet-stream; name=dump.bin", "Content-Transfer-Encoding: base64")
    yield "30 MB", raw(*known(1), *binary, body=large), to, rejected
    parts = "--b\r\n\r\nx\r\n" * 5_000
    yield "thousands of parts", raw(*known(2), "Content-Type: multipart/mixed; boundary=b", body=parts), to, held
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(500))
    yield "parts within parts", raw(*known(3), deep), to, held
    yield "headers without end", raw(*known(4), *["X-More: of them"] * 50_000, body="Hi"), to, held
    nested = a_mail(house.member, to, "Archive", "An archive in an archive.")
    nested.add_attachment(b"PK\x03\x04" * 1000, maintype="application", subtype="zip", filename="bomb.zip.zip")
    yield "archive in an archive", nested, to, new
    yield "two senders", a_mail(f"{house.member}, {house.stranger}", to), to, held
    yield "two from fields", raw(f"From: {house.stranger}", *known(5), body="Hi"), to, held
    yield (
        "known address as a name",
        raw(f'From: "{house.member}" <{house.stranger}>', *known(6)[1:], body="Hi"),
        to,
        held,
    )
    yield "no sender", raw(f"To: {to}", "Subject: Hi", body="Hi"), to, held
    yield "nothing", b"", to, held
    yield "no headers", b"\r\nonly a text", to, held
    yield "noise", bytes(range(256)) * 40, to, held
    wrong = raw(*known(7), "Content-Transfer-Encoding: base64", body="this is no base64 !!!")
    yield "wrong transfer encoding", wrong, to, new
    yield "clock of another century", raw(*known(8), "Date: Mon, 99 Foo 9999 99:99:99 +9999", body="Hi"), to, new
    evil = '<script src="https://evil.example/x.js"></script><img src="https://evil.example/p.gif"><p>Hello</p>'
    yield "page with a script", raw(*known(9), "Content-Type: text/html", body=evil), to, new
