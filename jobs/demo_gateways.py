"""The demo's payment providers: a companion of `flask serve` that takes simulated money and tells of it."""

from __future__ import annotations

import logging
from typing import cast

from flask import Flask

from config import Environment, Settings
from gateways.authorize_net import AuthorizeNet
from gateways.paypal import PayPal
from gateways.port import Gateway
from gateways.simulator import authorize_net, paypal, stripe
from gateways.simulator.paypal_signing import WEBHOOK_ID
from gateways.simulator.providers import PROVIDERS
from gateways.simulator.server import Simulator
from gateways.stripe import Stripe
from jobs.gateways import gateways_of

LEDGER = "simulated-gateways.sqlite3"
log = logging.getLogger("foyer.payments")


class DemoGateways:
    """Simulates providers on this machine while the program runs. A provider with keys of its own is left alone."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._simulator: Simulator | None = None

    def start(self) -> None:
        """Listen, and offer what is simulated. Where the port is taken, only what has keys is offered."""
        if self._settings.environment is not Environment.DEMO:
            return
        try:
            simulator = Simulator(
                self._settings.data_dir / LEDGER,
                PROVIDERS,
                port=self._settings.demo_gateways_port,
                tell=f"http://127.0.0.1:{self._settings.port}",
            )
        except (OSError, SystemExit) as error:
            log.warning("The demo's payment providers cannot listen (%s). Set another DEMO_GATEWAYS_PORT.", error)
            return
        simulator.start()
        self._simulator = simulator
        gateways = gateways_of(self._app)
        for gateway in simulated(simulator):
            if gateway.name not in gateways:
                gateways.add(gateway)

    def stop(self) -> None:
        if self._simulator is not None:
            self._simulator.stop()


def simulated(simulator: Simulator) -> list[Gateway]:
    """A gateway before each of the simulator's providers."""
    at = {name: f"{simulator.url}/{name}" for name in simulator.providers}
    return [
        Stripe(stripe.SECRET_KEY, stripe.WEBHOOK_SECRET, api=at["stripe"], pages=at["stripe"]),
        PayPal(
            paypal.CLIENT_ID,
            paypal.CLIENT_SECRET,
            webhook_id=WEBHOOK_ID,
            certificates=cast("paypal.SimulatedPayPal", simulator.providers["paypal"]).certificates,
            api=at["paypal"],
        ),
        AuthorizeNet(
            authorize_net.LOGIN_ID,
            authorize_net.TRANSACTION_KEY,
            authorize_net.SIGNATURE_KEY,
            api=f"{at['authorize_net']}/xml/v1/request.api",
            pages=at["authorize_net"],
        ),
    ]
