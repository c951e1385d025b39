"""Where mails are handed to us: an LMTP or SMTP server on this machine, which says yes only once a mail is kept.

LMTP (RFC 2033) is what a mail server speaks to whoever keeps mails; it wants one answer for each recipient. While a
mail cannot be kept the answer is 451, so that whoever hands it over keeps it and comes again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_TAKEN: Final = 64 * 1024 * 1024
"""Larger ones are refused with 552 (RFC 1870): the sender's server tells the sender."""

LOOPBACK: Final = "127.0.0.1"
_LONGEST_LINE: Final = 1024 * 1024  # RFC 5321 says 1000; many programs do not
_AT_ONCE: Final = 4
_TAKEN, _LATER = "250 2.0.0 OK, kept", "451 4.3.0 It cannot be kept just now, try again later"

log = logging.getLogger("foyer.mail")
logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server's own log would hold the texts of mails

Take = Callable[[bytes, Sequence[str], str], None]
"""Keep a mail: its bytes, the recipients and the sender of its envelope. An error means that it is not kept."""


class MailDoor:
    """Listens on loopback only; port 0 is any free one."""

    def __init__(self, take: Take, *, port: int, lmtp: bool) -> None:
        self._executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mail-in")
        self._controller = _Listener(
            _Handler(take, self._executor, answer_each=lmtp),
            hostname=LOOPBACK,
            port=port,
            data_size_limit=LARGEST_TAKEN,
            decode_data=False,
            ident="Foyer",
        )
        self._controller.protocol = _Lmtp if lmtp else _Smtp

    def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        try:
            self._controller.start()
        except BaseException:
            self._controller.loop.close()  # the library leaves it open when it cannot listen
            self._executor.shutdown(wait=False)
            raise

    def stop(self) -> None:
        """Take no more; what is in hand is finished."""
        self._controller.stop(no_assert=True)
        self._executor.shutdown(wait=True)

    @property
    def port(self) -> int:
        """Where it listens, also when any free port was asked for."""
        return int(self._controller.port)


class _Smtp(SMTP):
    line_length_limit = _LONGEST_LINE


class _Lmtp(LMTP):
    line_length_limit = _LONGEST_LINE


class _Listener(Controller):
    protocol: type[SMTP] = _Smtp

    def factory(self) -> SMTP:
        return self.protocol(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        server: Any = self.server
        if not self.port and server is not None:
            self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class _Handler:
    def __init__(self, take: Take, executor: ThreadPoolExecutor, *, answer_each: bool) -> None:
        self._take, self._executor, self._answer_each = take, executor, answer_each

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        recipients = [str(address) for address in envelope.rcpt_tos]
        sender = str(envelope.mail_from or "")
        take = partial(self._take, content, recipients, "" if sender == "<>" else sender)
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, take)
            answer = _TAKEN
        except Exception as error:  # noqa: BLE001  whatever it was: the mail is not kept, and its sender keeps it
            log.warning("a mail was not taken in (%s); its sender is asked to come again", type(error).__name__)
            answer = _LATER
        return "\r\n".join([answer] * len(recipients)) if self._answer_each else answer

    async def handle_exception(self, error: Exception) -> str:
        log.warning("a mail was not taken in (%s)", type(error).__name__)
        return _LATER
