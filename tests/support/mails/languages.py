"""Answers as mail programs of many languages quote, and texts in many charsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models import InboundOutcome
from tests.support.mails.writing import a_mail, raw

_QUOTES = {
    "german": "Am Fr., 15. Mai 2026 um 10:00 Uhr schrieb Support <s@p.example>:\n> Neu gestartet?",
    "german outlook": "________________________________\nVon: Support\nGesendet: Freitag\nAn: Ann\nBetreff: Es\n\nNeu gestartet?",
    "french": "Le ven. 15 mai 2026 à 10:00, Support <s@p.example> a écrit :\n> Redémarré ?",
    "spanish": "El vie, 15 may 2026 a las 10:00, Support (<s@p.example>) escribió:\n> ¿Reiniciado?",
    "italian": "Il giorno ven 15 mag 2026 alle ore 10:00 Support <s@p.example> ha scritto:\n> Riavviato?",
    "dutch": "Op vr 15 mei 2026 om 10:00 schreef Support <s@p.example>:\n> Herstart?",
    "bosnian": "Dana 15. 5. 2026. u 10:00 Support je napisao/la:\n> Restart?",
    "portuguese": "Em sex., 15 de mai. de 2026 às 10:00, Support <s@p.example> escreveu:\n> Reiniciou?",
    "original message": "-----Original Message-----\nFrom: Support\nSent: Friday\nTo: Ann\nSubject: It\n\nDid you?",
}
_CHARSETS = {
    "latin-1": ("iso-8859-1", "Grüße".encode("latin-1")),
    "windows": ("windows-1252", "“Grüße”".encode("cp1252")),
    "declared latin-1 and windows": ("iso-8859-1", "“Grüße”".encode("cp1252")),
    "declared ascii and utf-8": ("us-ascii", "Grüße".encode()),
    "declared utf-8 and latin-1": ("utf-8", "Grüße".encode("latin-1")),
    "cyrillic": ("koi8-r", "привет".encode("koi8-r")),
    "japanese": ("iso-2022-jp", "こんにちは".encode("iso-2022-jp")),
    "chinese": ("gb2312", "你好".encode("gb18030")),
    "polish": ("iso-8859-2", "zażółć".encode("iso-8859-2")),
    "made up": ("x-made-up", "Grüße".encode()),
    "no charset at all": ("hex", b"47 72"),
}


def answers_in_many_languages(house: Any) -> Iterator[tuple]:
    """Nine of them, each a reply whose quote is folded."""
    for language, quote in _QUOTES.items():
        mail = a_mail(house.member, house.reply, "Re: It", f"Yes, twice.\n\n{quote}\n")
        yield f"answer in {language}", mail, house.reply, InboundOutcome.REPLY


def texts_in_many_charsets(house: Any) -> Iterator[tuple]:
    """Eleven of them, each a new ticket whatever the mail says of its charset."""
    for number, (name, (charset, body)) in enumerate(_CHARSETS.items()):
        content = raw(
            f"From: {house.member}",
            f"To: {house.support}",
            f"Message-ID: <charset{number}@elsewhere.example>",
            b"Subject: " + body if number % 2 else "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
            "MIME-Version: 1.0",
            f"Content-Type: text/plain; charset={charset}",
            "Content-Transfer-Encoding: 8bit",
            body=body,
        )
        yield f"text in {name}", content, house.support, InboundOutcome.NEW_TICKET
