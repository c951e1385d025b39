"""A real SMTP server that is as bad as they get: it answers "later", loses connections, and sees its clients die.

Every so many mails it answers 451 to a recipient, 452 to a text, or ends the connection after the text and before the
answer, with the mail kept or not kept. `arm` lets it call ``kill`` at a point of the next mails.
"""

from __future__ import annotations

import enum
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from integrations.mail_catcher import _Listener
from tests.support.smtp import SmtpServer

LATER_AT_RECIPIENT, LATER_AT_TEXT, LOST_AND_KEPT, LOST = 23, 29, 31, 37


class Point(enum.StrEnum):
    """How far a mail was when its sender died."""

    GREETED = "nothing was said but hello"
    NAMED = "the recipient was named"
    TEXT = "the text was sent, and not kept"
    KEPT = "the text was kept, the answer not sent"
    ANSWERED = "the answer was sent, the sender says goodbye"
    WRITING = "some moments after the goodbye: what came of it is being written"


class RoughSmtp(SmtpServer):
    """``troubles`` counts what it did to its clients."""

    def __init__(self, kill: Callable[[], None]) -> None:
        super().__init__()
        self.kill = kill
        self.troubles: dict[str, int] = dict.fromkeys(("451", "452", "lost and kept", "lost"), 0)
        self.named, self.texts = itertools.count(1), itertools.count(1)
        self._armed: Point | None = None
        self._after = 0
        self._arming = threading.Lock()

    def start(self) -> RoughSmtp:
        self._listener = _Listener(_Roughly(self), hostname="127.0.0.1", port=self.port, decode_data=False)
        self._listener.start()
        self.port = self._listener.port
        return self

    def arm(self, point: Point, *, after: int) -> None:
        """Kill at this point, once it was passed so many times."""
        with self._arming:
            self._armed, self._after = point, after

    @property
    def is_armed(self) -> bool:
        return self._armed is not None

    def passes(self, point: Point) -> bool:
        """Kill here, if this is the point and the turn; True when it did."""
        with self._arming:
            if self._armed is not point:
                return False
            self._after -= 1
            if self._after >= 0:
                return False
            self._armed = None
        self.kill()
        return True

    def trouble(self, name: str) -> None:
        self.troubles[name] += 1


class _Roughly:
    def __init__(self, server: RoughSmtp) -> None:
        self._server = server

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        session.host_name = hostname
        self._server.passes(Point.GREETED)
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self._server.passes(Point.NAMED)
        if next(self._server.named) % LATER_AT_RECIPIENT == 0:
            self._server.trouble("451")
            return "451 4.2.0 Try again in a moment"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        number = next(self._server.texts)
        if self._server.passes(Point.TEXT):
            server.transport.abort()
            return "451 Nobody reads this"
        if number % LATER_AT_TEXT == 0:
            self._server.trouble("452")
            return "452 4.2.2 The box is full just now"
        if number % LOST == 0:
            self._server.trouble("lost")
            server.transport.abort()
            return "451 Nobody reads this"
        self._server.keep(envelope)
        if self._server.passes(Point.KEPT):
            server.transport.abort()
        if number % LOST_AND_KEPT == 0:
            self._server.trouble("lost and kept")
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self._server.passes(Point.ANSWERED)
        threading.Thread(target=self._a_moment_later, daemon=True).start()
        return "221 Bye"

    def _a_moment_later(self) -> None:
        time.sleep(0.002)
        self._server.passes(Point.WRITING)
