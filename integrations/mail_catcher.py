"""A real SMTP server on this machine that keeps what it receives in a folder, for the demo and for tests."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_SUFFIX = ".eml"
_LARGEST = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CaughtFile:
    """A file that came with a mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """What arrived, as the server saw it. ``name`` is the name of its file, without the suffix."""

    name: str
    at: dt.datetime
    to: str
    subject: str
    message_id: str
    text: str
    html: str
    files: Sequence[CaughtFile] = ()


class MailCatcher:
    """Listens on loopback and writes each mail into the folder before it says that it has it."""

    def __init__(self, folder: Path, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self._controller = _Listener(
            _Keeper(folder), hostname=host, port=port, data_size_limit=_LARGEST, decode_data=False, ident="Foyer demo"
        )

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    @property
    def port(self) -> int:
        """Where it listens, also when any free port was asked for."""
        return int(self._controller.port)


class _Listener(Controller):
    def _trigger_server(self) -> None:
        server: Any = self.server
        if not self.port and server is not None:
            self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counter = itertools.count()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        at = dt.datetime.now(dt.UTC)
        name = f"{at:%Y%m%dT%H%M%S%fZ}-{os.getpid()}-{next(self._counter)}"
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.part"
        recipients = ", ".join(envelope.rcpt_tos)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        unfinished.write_bytes(b"X-Envelope-To: " + recipients.encode() + b"\r\n" + content)
        unfinished.rename(self._folder / f"{name}{_SUFFIX}")
        return "250 OK kept"


def caught_mails(folder: Path, *, limit: int) -> list[CaughtMail]:
    """The newest mails in the folder."""
    names = sorted(_names(folder), reverse=True)[:limit]
    return [mail for name in names if (mail := caught_mail(folder, name)) is not None]


def caught_mail(folder: Path, name: str) -> CaughtMail | None:
    """One mail by the name of its file; None when there is none."""
    if name not in _names(folder):  # and so no path of somebody's own making is opened
        return None
    try:
        content = (folder / f"{name}{_SUFFIX}").read_bytes()
    except OSError:
        return None
    return _read(name, message_from_bytes(content, policy=policy.default))


def _names(folder: Path) -> set[str]:
    with suppress(OSError):
        return {file.stem for file in _files(folder)}
    return set()


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.iterdir() if file.suffix == _SUFFIX)


def _read(name: str, message: EmailMessage) -> CaughtMail:
    return CaughtMail(
        name=name,
        at=dt.datetime.strptime(name.split("-")[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=dt.UTC),
        to=str(message["X-Envelope-To"] or ""),
        subject=str(message["Subject"] or ""),
        message_id=str(message["Message-ID"] or "").strip(),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        files=[_file(part) for part in message.iter_attachments()],
    )


def _file(part: Any) -> CaughtFile:
    return CaughtFile(part.get_filename("file"), part.get_content_type(), part.get_payload(decode=True) or b"")


def _part(message: EmailMessage, kind: str) -> str:
    part: Any = message.get_body(preferencelist=(kind,))
    with suppress(LookupError, ValueError):
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
    return ""
