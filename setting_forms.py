"""How settings that are no plain words or numbers are written in the environment."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode


def _comma_separated(value: object) -> object:
    """Split what an environment variable holds; anything that is no text is left for the type to judge."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _json_list(value: object) -> object:
    """Read a JSON list from an environment variable. The message shows nothing of it: it holds secrets."""
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value) if value.strip() else []
    except ValueError:
        read = None
    if not isinstance(read, list) or not all(isinstance(each, dict) for each in read):
        raise ValueError('write a JSON list like [{"name": "acme", "label": "Acme", "issuer": "https://…", …}]')
    return tuple(read)


class OidcProvider(BaseModel):
    """An OpenID Connect provider by whose word people may sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")  # stands in the redirect address
    label: str = Field(min_length=1, max_length=40)  # what the button says
    issuer: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=255)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    scopes: str = "openid email"


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_comma_separated)]
OidcProviders = Annotated[tuple[OidcProvider, ...], NoDecode, BeforeValidator(_json_list)]
