"""The simulator's program: a provider below each address, faults on command, and a thread that delivers events."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from gateways.simulator.events import Deliverer
from gateways.simulator.ledger import Ledger
from gateways.simulator.provider import Provider

SLOW_SECONDS: Final = 5.0
FAULTS: Final = (
    "decline",  # the next charge is declined
    "slow",  # the next call is carried out, and answered after SLOW_SECONDS
    "answer_lost",  # the next call is carried out, and its answer never arrives
    "refused",  # the next call is not carried out: the connection breaks before
    "nonsense",  # the next call is carried out, and answered with a page of HTML
    "wrong_amount",  # the next charge takes one minor unit less than asked
    "duplicate_event",  # the next event is delivered twice
    "late_event",  # the next event is delivered half a minute later
    "out_of_order",  # the next event is delivered after those that follow it
    "forged_event",  # beside the next event one is delivered that is signed with another secret
)
_CALLS: Final = ("slow", "answer_lost", "refused", "nonsense")


class _Broken(Exception):
    """The connection was cut on purpose."""


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the caller's log tells of what matters."""

    def run_wsgi(self) -> None:
        with contextlib.suppress(_Broken):
            super().run_wsgi()


class Simulator:
    """All providers on one port of this machine. ``tell`` is our own address, where events go; empty: nowhere."""

    def __init__(self, ledger: Path, providers: Iterable[Any], *, port: int = 0, tell: str = "") -> None:
        self.ledger = Ledger(ledger)
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._application, threaded=True, request_handler=_QuietHandler
        )
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.slow_seconds = SLOW_SECONDS
        self.providers: dict[str, Provider] = {}
        for make in providers:
            provider: Provider = make(self.ledger, self.url)
            self.providers[provider.name] = provider
        self._thread = threading.Thread(target=self._server.serve_forever, name="simulator", daemon=True)
        self._deliverer = Deliverer(self.ledger, self.providers, tell) if tell else None

    def start(self) -> None:
        self._thread.start()
        if self._deliverer is not None:
            self._deliverer.start()

    def stop(self) -> None:
        if self._deliverer is not None:
            self._deliverer.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        self.ledger.close()

    def command(self, provider: str, fault: str, times: int = 1) -> None:
        """Let the next ``times`` calls or events of a provider go wrong. Raises ValueError for an unknown fault."""
        if fault not in FAULTS or provider not in self.providers:
            raise ValueError(f"no fault {fault!r} of {provider!r}")
        self.ledger.command_fault(provider, fault, times)

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        name, _slash, path = request.path.lstrip("/").partition("/")
        try:
            return self._answer(request, name, path)(environ, start_response)
        finally:
            self.ledger.close()

    def _answer(self, request: Request, name: str, path: str) -> Response:
        if name == "control" and request.method == "POST":
            with contextlib.suppress(KeyError, ValueError):
                self.command(request.form["provider"], request.form["fault"], int(request.form.get("times", "1")))
                return Response("commanded\n")
            return Response("name a provider and one of " + ", ".join(FAULTS) + "\n", 400)
        provider = self.providers.get(name)
        if provider is None:
            return Response("no such provider\n", 404)
        fault = self.ledger.fault(name, *_CALLS) if provider.moves_money(request, path) else ""
        if fault == "refused":
            _cut(request)
        answer = provider.answer(request, path)
        if fault == "slow":
            time.sleep(self.slow_seconds)
        if fault == "answer_lost":
            _cut(request)
        if fault == "nonsense":
            return Response("<html><body>Bad gateway</body></html>", 502, mimetype="text/html")
        return answer


def _cut(request: Request) -> None:
    connection: socket.socket = request.environ["werkzeug.socket"]
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    raise _Broken
