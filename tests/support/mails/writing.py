"""Mails written by hand, so that what no library would write can stand in them too."""

from __future__ import annotations

from email.message import EmailMessage


def raw(*headers: str | bytes, body: str | bytes = "", end: bytes = b"\r\n") -> bytes:
    """A mail of exactly these header lines and this body."""
    lines = [line.encode() if isinstance(line, str) else line for line in headers]
    return end.join([*lines, b"", body.encode() if isinstance(body, str) else body])


def a_mail(
    sender: str,
    to: str,
    subject: str = "It rings only once",
    text: str | None = "Since Monday every phone rings only once.",
    *,
    html: str | None = None,
    message_id: str | None = None,
    answers: str | None = None,
    **headers: str,
) -> EmailMessage:
    """A well-formed mail. Underscores in the names of headers stand for hyphens."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = "Fri, 15 May 2026 11:25:00 +0200"
    if message_id is not None:
        mail["Message-ID"] = message_id
    if answers is not None:
        mail["In-Reply-To"] = mail["References"] = answers
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    if text is not None:
        mail.set_content(text)
    if html is not None and text is not None:
        mail.add_alternative(html, subtype="html")
    elif html is not None:
        mail.set_content(html, subtype="html")
    return mail
