"""A real SMTP server on this machine that behaves as the test wants, by the name before the @ of the recipient.

later@… is answered 451, never@… 550, full@… 552 after the text; lost@… is taken, but the connection ends before the
answer; everybody else's mail is taken.
"""

from __future__ import annotations

import threading
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from integrations.mail_catcher import _Listener


class SmtpServer:
    """Keeps what it has taken, in order. `stop` and `start` again: the port stays the same."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.port = 0
        self._lock = threading.Lock()
        self._listener: _Listener | None = None

    def start(self) -> SmtpServer:
        self._listener = _Listener(_Behaviour(self), hostname="127.0.0.1", port=self.port, decode_data=False)
        self._listener.start()
        self.port = self._listener.port
        return self

    def stop(self) -> None:
        if self._listener is not None:
            self._listener.stop(no_assert=True)
            self._listener = None

    @property
    def is_up(self) -> bool:
        return self._listener is not None

    def keep(self, envelope: Any) -> None:
        with self._lock:
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))

    def message_ids(self) -> Counter[str]:
        with self._lock:
            return Counter(str(mail["Message-ID"]) for mail in self.taken)


class _Behaviour:
    def __init__(self, kept: SmtpServer) -> None:
        self._kept = kept

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("later@"):
            return "451 4.2.0 Try again in a moment"
        if address.startswith("never@"):
            return "550 5.1.1 Nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0].startswith("full@"):
            return "552 5.2.2 The box is full"
        self._kept.keep(envelope)
        if envelope.rcpt_tos[0].startswith("lost@"):
            server.transport.abort()
        return "250 OK"
