"""The hundred: who writes what to whom, and how it has to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from models import InboundOutcome
from tests.support.mails.hostile import hostile_mails
from tests.support.mails.languages import answers_in_many_languages, texts_in_many_charsets
from tests.support.mails.machines import mails_of_machines
from tests.support.mails.writing import a_mail

REPLY, NEW, HELD, REJECTED = InboundOutcome


@dataclass(frozen=True)
class Corpus:
    """The addresses of a house: its members are known by ``member``, ``other`` takes part in no ticket of theirs."""

    member: str
    copied: str
    colleague: str
    without_role: str
    in_two_accounts: str
    agent: str
    stranger: str
    support: str
    reply: str
    forged_reply: str
    domain: str
    thread_id: str
    sent_id: str


@dataclass(frozen=True)
class SampleMail:
    """A mail, what its envelope says, and how it ends."""

    name: str
    content: bytes
    recipient: str
    outcome: InboundOutcome
    sender: str | None = None


def corpus(house: Corpus) -> list[SampleMail]:
    """All of them. Each has a Message-ID of its own, unless it is about mails that have none."""
    made: list[SampleMail] = []
    for name, mail, recipient, outcome, *envelope in _each(house):
        content = mail
        if isinstance(mail, EmailMessage):
            if "Message-ID" not in mail and "no message-id" not in name:
                mail["Message-ID"] = f"<{len(made)}.{name.replace(' ', '-')}@elsewhere.example>"
            content = mail.as_bytes()
        made.append(SampleMail(name, bytes(content), recipient, outcome, *envelope))
    return made


def _each(house: Corpus) -> Iterator[tuple]:
    yield from _answers(house)
    yield from _new_ones(house)
    yield from _held(house)
    yield from answers_in_many_languages(house)
    yield from texts_in_many_charsets(house)
    yield from mails_of_machines(house)
    yield from hostile_mails(house)


def _answers(house: Corpus) -> Iterator[tuple]:
    quote = "\n\nOn Fri, 15 May 2026 at 10:00, Support <s@p.example> wrote:\n> Did you restart it?\n"
    page = "<div>Yes.</div><br><div class='gmail_quote'>On Fri, 15 May 2026 at 10:00, Support &lt;s@p.example&gt; wrote:<blockquote>Did you?</blockquote></div>"
    outlook = "<p>Yes.</p><hr><div><b>From:</b> Support<br><b>Sent:</b> Friday<br><b>To:</b> Ann<br><b>Subject:</b> It</div><p>Did you?</p>"
    to = house.reply
    yield "answer in plain text", a_mail(house.member, to, "Re: It", f"Yes.{quote}"), to, REPLY
    yield "answer in both forms", a_mail(house.member, to, "Re: It", f"Yes.{quote}", html=page), to, REPLY
    yield "answer as a page only", a_mail(house.member, to, "Re: It", None, html=page), to, REPLY
    yield "answer by outlook", a_mail(house.member, to, "RE: It", None, html=outlook), to, REPLY
    yield "answer of a copied address", a_mail(house.copied, to, "Re: It", "Me too."), to, REPLY
    yield "answer of an agent", a_mail(house.agent, to, "Re: It", "We look at it."), to, REPLY
    yield "answer with a name", a_mail(f"Ann Miller <{house.member}>", to, "Re: It", "Yes."), to, REPLY
    yield "answer in capitals", a_mail(house.member.upper(), to.upper(), "Re: It", "Yes."), to.upper(), REPLY
    yield (
        "answer to the thread only",
        a_mail(house.member, house.support, "Re: It", "Yes.", answers=house.thread_id),
        house.support,
        REPLY,
    )
    yield (
        "answer to a mail we sent",
        a_mail(house.member, house.support, "Re: It", "Yes.", answers=house.sent_id),
        house.support,
        REPLY,
    )
    yield (
        "answer with the address in cc",
        a_mail(house.member, house.support, "Re: It", "Yes.", Cc=to),
        house.support,
        REPLY,
    )
    yield "answer without a subject", a_mail(house.member, to, "", "Yes."), to, REPLY
    yield "answer without a text", a_mail(house.member, to, "Re: It", ""), to, REPLY
    yield "answer without a new word", a_mail(house.member, to, "Re: It", quote.strip()), to, REPLY
    yield (
        "answer from a telephone",
        a_mail(house.member, to, "Re: It", f"Yes.\n\nSent from my iPhone{quote}"),
        to,
        REPLY,
    )
    yield "answer with no message-id", a_mail(house.member, to, "Re: It", "Yes, and no id."), to, REPLY
    picture = a_mail(house.member, to, "Re: It", "See the picture.")
    picture.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="screen.png")
    yield "answer with a picture", picture, to, REPLY
    inline = a_mail(house.member, to, "Re: It", "See.", html="<p>See <img src='cid:1'></p>")
    inline.get_payload()[1].add_related(b"GIF89a", "image", "gif", cid="<1>")  # type: ignore[union-attr, index]
    yield "answer with a picture in its page", inline, to, REPLY
    signed = a_mail(house.member, to, "Re: It", "Signed yes.")
    signed.add_attachment(b"-----BEGIN PGP SIGNATURE-----", maintype="application", subtype="pgp-signature")
    yield "answer with a signature", signed, to, REPLY
    yield "answer from years ago", a_mail(house.member, to, "Re: It", "Yes, old.", X_Note="clock"), to, REPLY


def _new_ones(house: Corpus) -> Iterator[tuple]:
    to = house.support
    yield "plain question", a_mail(house.member, to), to, NEW
    yield "question in both forms", a_mail(house.member, to, html="<p>Since Monday.</p>"), to, NEW
    yield "question as a page", a_mail(house.member, to, text=None, html="<p>Since Monday.</p>"), to, NEW
    yield "question without a subject", a_mail(house.member, to, subject=""), to, NEW
    yield "question without a text", a_mail(house.member, to, text=""), to, NEW
    yield "question with a huge subject", a_mail(house.member, to, subject="very " * 400 + "long"), to, NEW
    yield "question in copy to others", a_mail(house.member, to, Cc="boss@acme.example, x@y.example"), to, NEW
    yield "question in blind copy", a_mail(house.member, "undisclosed@elsewhere.example"), to, NEW
    yield "question with a priority", a_mail(house.member, to, X_Priority="1", Importance="high"), to, NEW
    yield "question to a thread of others", a_mail(house.member, to, answers="<unknown@elsewhere.example>"), to, NEW
    forwarded = "FYI\n\n---------- Forwarded message ---------\nFrom: Bob <b@b.example>\nDate: Monday\nSubject: It\nTo: Ann\n\nIt is broken."
    yield "forwarded mail", a_mail(house.member, to, "Fwd: It", forwarded), to, NEW
    inner = a_mail("b@b.example", house.member, "It is broken", "Inside.")
    attached = a_mail(house.member, to, "Fwd: It is broken", "See the mail.")
    attached.add_attachment(inner)
    yield "forwarded as attachment", attached, to, NEW
    meeting = a_mail(house.member, to, "Let us talk", "Let us talk on Monday.")
    meeting.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar", params={"method": "REQUEST"})
    yield "calendar with a text", meeting, to, NEW
    bare = EmailMessage()
    bare["From"], bare["To"], bare["Subject"] = house.member, to, "Meeting"
    bare.set_content("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    yield "calendar alone", bare, to, NEW
    many = a_mail(house.member, to, "Logs", "Many files.")
    for number in range(60):
        many.add_attachment(b"x%d" % number, maintype="text", subtype="x-log", filename=f"{number}.log")
    yield "sixty attachments", many, to, NEW
    same = a_mail(house.member, to, "Twice", "The same twice.")
    for _ in range(2):
        same.add_attachment(b"PK\x03\x04", maintype="application", subtype="zip", filename="logs.zip")
    yield "the same file twice", same, to, NEW


def _held(house: Corpus) -> Iterator[tuple]:
    yield "stranger", a_mail(house.stranger, house.support), house.support, HELD
    yield "stranger with a page", a_mail(house.stranger, house.support, html="<b>Buy</b>"), house.support, HELD
    yield "stranger at a reply address", a_mail(house.stranger, house.reply, "Re: It"), house.reply, HELD
    yield "colleague who takes no part", a_mail(house.colleague, house.reply, "Re: It"), house.reply, HELD
    yield (
        "colleague in the thread",
        a_mail(house.colleague, house.support, answers=house.thread_id),
        house.support,
        HELD,
    )
    yield "member without the role", a_mail(house.without_role, house.support), house.support, HELD
    yield "member of two accounts", a_mail(house.in_two_accounts, house.support), house.support, HELD
    yield "staff at the support address", a_mail(house.agent, house.support), house.support, HELD
    yield "forged signature", a_mail(house.member, house.forged_reply, "Re: It"), house.forged_reply, HELD
