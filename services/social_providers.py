"""The other houses by whose word people may sign in, as the settings name them, and the way there and back."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.refusals import Refusal
from domain.sentences import Sentence
from integrations.openid import (
    FACEBOOK,
    GOOGLE_ISSUER,
    Departure,
    OpenIdError,
    OpenIdProvider,
    ProofNotValid,
    ProvedIdentity,
    ProviderAccount,
)

log = logging.getLogger(__name__)


class ProviderNotReached(Refusal):
    """The other house is down, or set up wrongly; the log says which."""

    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence(
                "%(label)s cannot be reached right now. Try again in a moment, or sign in another way.", label=label
            )
        )


class IdentityNotProved(Refusal):
    """What came back proves nothing; the log says why, the person only needs to begin again."""

    def __init__(self, label: str) -> None:
        super().__init__(
            Sentence("%(label)s did not tell us who you are. Begin again, or sign in another way.", label=label)
        )


@dataclass(frozen=True, slots=True)
class Registration:
    """How the operator registered us at a provider, as the settings say it."""

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: str = "openid email"


class SocialProviders:
    """Those that are set up, in the order of their buttons."""

    def __init__(self, providers: Iterable[OpenIdProvider]) -> None:
        self._by_name = {provider.account.name: provider for provider in providers}

    def __iter__(self) -> Iterator[OpenIdProvider]:
        return iter(self._by_name.values())

    def find(self, name: str) -> OpenIdProvider | None:
        """The provider of this name, if there is one."""
        return self._by_name.get(name)

    def label_of(self, issuer: str) -> str:
        """What the house calls an issuer; the issuer itself when it is not set up any more."""
        return next((each.account.label for each in self if each.account.issuer == issuer), issuer)


def make_social_providers(
    registrations: Iterable[Registration],
    *,
    base_url: str,
    local: bool,
    google: tuple[str, str] = ("", ""),
    facebook: tuple[str, str] = ("", ""),
) -> SocialProviders:
    """Set up what the operator registered. ``local`` allows issuers on this machine without encryption."""
    accounts = []
    if google[0]:
        accounts.append(_account(Registration("google", "Google", GOOGLE_ISSUER, *google), base_url, local))
    if facebook[0]:
        account = Registration("facebook", "Facebook", FACEBOOK.issuer, *facebook)
        accounts.append(_account(account, base_url, local))
    accounts += [_account(each, base_url, local) for each in registrations]
    return SocialProviders(OpenIdProvider(each) for each in accounts)


def depart(provider: OpenIdProvider, *, now: dt.datetime) -> Departure:
    """Make the address that asks the provider who the person is. Refused: ProviderNotReached."""
    try:
        return provider.depart(now=now)
    except OpenIdError as error:
        log.warning("social sign-in by %s: %s", provider.account.name, error)
        raise ProviderNotReached(provider.account.label) from None


def arrive(
    provider: OpenIdProvider, code: str, *, named_issuer: str | None, verifier: str, nonce: str, now: dt.datetime
) -> ProvedIdentity:
    """Ask the provider who came back with this code. Refused: ProviderNotReached, IdentityNotProved.

    It asks over the network: call it with no transaction open.
    """
    try:
        provider.check_issuer_named(named_issuer, now=now)
        return provider.identify(code, verifier=verifier, nonce=nonce, now=now)
    except ProofNotValid as error:
        log.warning("social sign-in by %s: %s", provider.account.name, error)
        raise IdentityNotProved(provider.account.label) from None
    except OpenIdError as error:
        log.warning("social sign-in by %s: %s", provider.account.name, error)
        raise ProviderNotReached(provider.account.label) from None


def _account(registered: Registration, base_url: str, local: bool) -> ProviderAccount:
    return ProviderAccount(
        name=registered.name,
        label=registered.label,
        issuer=registered.issuer,
        client_id=registered.client_id,
        client_secret=registered.client_secret,
        redirect_uri=f"{base_url}/sign-in/with/{registered.name}/callback",
        scopes=registered.scopes,
        metadata=FACEBOOK if registered.name == "facebook" else None,
        local=local,
    )
