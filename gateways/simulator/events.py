"""Delivers what the providers tell, as a web request to us, until we take it."""

from __future__ import annotations

import logging
import threading
from typing import Final

import httpx2

from gateways.simulator.ledger import Ledger
from gateways.simulator.provider import Provider

PAUSE_SECONDS: Final = 0.2
log = logging.getLogger("foyer.simulator")


class Deliverer:
    """A thread that sends events due to ``<tell>/webhooks/<provider>``. A forged one is signed with another secret."""

    def __init__(self, ledger: Ledger, providers: dict[str, Provider], tell: str) -> None:
        self._ledger, self._providers, self._tell = ledger, providers, tell.rstrip("/")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        with httpx2.Client(timeout=10) as client:
            while not self._stopped.wait(PAUSE_SECONDS):
                for seq, name, body, forged in self._ledger.events_due():
                    self._ledger.event_sent(seq, arrived=self._send(client, name, body, forged))
        self._ledger.close()

    def _send(self, client: httpx2.Client, name: str, body: str, forged: bool) -> bool:
        """Whether it is done with: taken, or refused as a forged one must be."""
        headers = {"Content-Type": "application/json", **self._providers[name].sign(body, forged=forged)}
        try:
            answer = client.post(f"{self._tell}/webhooks/{name}", content=body.encode(), headers=headers)
        except httpx2.HTTPError as error:
            log.info("an event of %s could not be delivered: %s", name, type(error).__name__)
            return False
        return answer.is_success or forged
