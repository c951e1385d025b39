"""Every provider that can be simulated."""

from __future__ import annotations

from typing import Any, Final

from gateways.simulator.authorize_net import SimulatedAuthorizeNet
from gateways.simulator.paypal import SimulatedPayPal
from gateways.simulator.stripe import SimulatedStripe

PROVIDERS: Final[tuple[Any, ...]] = (SimulatedStripe, SimulatedPayPal, SimulatedAuthorizeNet)
