"""The gateways of this installation, by name; put together from the settings and handed to who takes money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateways.port import Gateway, Means


class GatewayNotSetUp(LookupError):
    """No gateway of this name has its keys in the settings."""


class Gateways:
    """Whichever gateways are set up, in the order in which they are offered."""

    def __init__(self, gateways: Mapping[str, Gateway] | None = None) -> None:
        self._gateways = dict(gateways or {})

    def __iter__(self) -> Iterator[Gateway]:
        return iter(self._gateways.values())

    def __contains__(self, name: str) -> bool:
        return name in self._gateways

    def get(self, name: str) -> Gateway:
        """The gateway of this name. Raises GatewayNotSetUp."""
        try:
            return self._gateways[name]
        except KeyError:
            raise GatewayNotSetUp(name) from None

    def add(self, gateway: Gateway) -> None:
        """Offer one more, or another one under the same name."""
        self._gateways[gateway.name] = gateway

    def offering(self, means: Means, currency: str) -> list[Gateway]:
        """Those through which one can pay so in this currency."""
        return [each for each in self if means in each.means and each.takes(currency)]
