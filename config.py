"""Typed settings from the environment. Production refuses to start on a missing or development secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from domain.entitlements import key_bytes
from setting_forms import OidcProvider, OidcProviders, Secrets, Words
from setting_groups import BucketSettings, Environment, GatewaySettings, MailInSettings, SmsSettings, TelegramSettings

__all__ = ["Environment", "Settings", "SettingsError", "load_settings"]

# Anyone can read these: they let the demo and the tests start without a setting, and production refuses them.
DEVELOPMENT_SECRET_KEY = "development-only-secret-key-of-the-foyer-demo"  # noqa: S105  known to all, on purpose
DEVELOPMENT_ENCRYPTION_KEY = "Zm95ZXItZGV2ZWxvcG1lbnQtb25seS1rZXktMDAwMDE="
DEVELOPMENT_SIGNING_KEY = "Zm95ZXItZGV2ZWxvcG1lbnQtc2lnbmluZy1rZXktMDE="
SHORTEST_SECRET_KEY = 32

DATABASE_FILE = "foyer.sqlite3"
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


class SettingsError(Exception):
    """The settings do not allow a start. The message names each setting at fault and never shows a value."""


class Settings(GatewaySettings, SmsSettings, TelegramSettings, BucketSettings, MailInSettings):
    """Everything an operator can set. The name of a setting in the environment is the name here in capitals."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True, extra="ignore")

    # Where it listens, and under which address people reach it.
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    base_url: str = ""
    trusted_hosts: Words = ()
    behind_proxy: bool = False  # take the visitor's address, scheme and host from the X-Forwarded-* of one proxy

    # Where it keeps things.
    data_dir: Path = Path("data")
    database_url: str = Field("", repr=False)  # may hold a password
    broker_url: SecretStr | None = None

    # Jobs: how many at once in a process, and how long after its last sign of life a runner counts as gone.
    jobs_threads: int = Field(4, ge=1, le=64)
    jobs_lease_seconds: int = Field(60, ge=2)

    metrics_token: SecretStr | None = None  # opens /metrics; without it that page does not exist

    # Secrets: the first signs forms and cursors, the others encrypt what must be read again (time code seeds).
    secret_key: SecretStr = SecretStr("")
    encryption_keys: Secrets = ()

    # What devices are answered: the Ed25519 key that signs, and public keys that are published beside its own.
    activation_signing_key: SecretStr = SecretStr("")
    activation_published_keys: Words = ()

    # Outgoing mail. Without a server, mails wait in the outbox.
    mail_server: str = ""
    mail_port: int = Field(587, ge=1, le=65535)
    mail_use_tls: bool = True
    mail_use_ssl: bool = False
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_default_sender: str = "Foyer <foyer@localhost>"
    mail_timeout_seconds: float = Field(20, gt=0, le=300)
    demo_mail_port: int = Field(0, ge=0, le=65535)  # where the demo's catcher of mails listens; 0: any free port

    # Social sign-in (OpenID Connect). Without a client ID there is no button.
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    facebook_client_id: str = ""
    facebook_client_secret: SecretStr = SecretStr("")
    oidc_providers: OidcProviders = ()

    # How long a sign-in lasts: without a click, and at most.
    session_idle_minutes: int = Field(12 * 60, ge=1)
    session_lifetime_hours: int = Field(14 * 24, ge=1)

    # What one password costs to check (Argon2id). The defaults are those of argon2-cffi (RFC 9106, low memory).
    argon2_time_cost: int = Field(3, ge=1)
    argon2_memory_kib: int = Field(65536, ge=8)
    argon2_parallelism: int = Field(4, ge=1)

    # The provider's words.
    brand_name: str = Field("TELCOware", min_length=1)
    platform_name: str = Field("PBXware", min_length=1)
    client_app_name: str = Field("gloCOM", min_length=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller only: `load_settings` reads the environment, so that tests can hand in theirs."""
        return (init_settings,)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("log_level", mode="before")
    @classmethod
    def _capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("write an address like https://portal.example.com")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("write scheme and host only, like https://portal.example.com")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value:
            return value
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                value = "postgresql+psycopg://" + value.removeprefix(prefix)
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            url = None
        if url is not None and url.drivername == "postgresql+psycopg":
            return value
        # An embedded database is a file: one in memory would be another one for every thread.
        if url is not None and url.drivername == "sqlite" and url.database and url.database != ":memory:":
            return url.set(database=str(Path(url.database).expanduser().absolute())).render_as_string(
                hide_password=False
            )
        raise ValueError("write an address like postgresql://user:password@host/name or sqlite:////path/to/file")

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: SecretStr | None) -> SecretStr | None:
        known = ("amqp", "amqps", "redis", "rediss")
        if value is not None and urlsplit(value.get_secret_value()).scheme not in known:
            raise ValueError("write an address like amqp://user:password@host/ or redis://host/0")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _fernet_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for place, key in enumerate(value, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                message = f"key number {place} is no Fernet key (32 bytes in URL-safe base 64)"
                raise ValueError(message) from None
        return value

    @field_validator("activation_signing_key", "activation_published_keys")
    @classmethod
    def _ed25519_keys(cls, value: SecretStr | tuple[str, ...]) -> SecretStr | tuple[str, ...]:
        for key in value if isinstance(value, tuple) else filter(None, [value.get_secret_value()]):
            key_bytes(key)
        return value

    @model_validator(mode="after")
    def _publish_no_private_key(self) -> Self:
        private = self.activation_signing_key.get_secret_value() or DEVELOPMENT_SIGNING_KEY
        if key_bytes(private) in map(key_bytes, self.activation_published_keys):
            raise ValueError("ACTIVATION_PUBLISHED_KEYS: holds the private key; name public ones only")
        return self

    @model_validator(mode="after")
    def _refuse_two_kinds_of_mail_encryption(self) -> Self:
        if self.mail_use_ssl and self.mail_use_tls:
            raise ValueError("MAIL_USE_SSL: for this, switch MAIL_USE_TLS off (false)")
        return self

    @field_validator("oidc_providers")
    @classmethod
    def _names_once(cls, value: tuple[OidcProvider, ...]) -> tuple[OidcProvider, ...]:
        names = [provider.name for provider in value]
        if len(set(names)) < len(names) or {"google", "facebook"} & set(names):
            raise ValueError("give each provider a name of its own, and not google or facebook")
        for provider in value:
            if "openid" not in provider.scopes.split():
                raise ValueError(f"the scopes of {provider.name} must hold openid")
        return value

    @model_validator(mode="after")
    def _refuse_issuers_without_encryption(self) -> Self:
        if self.environment is Environment.PRODUCTION:
            for provider in self.oidc_providers:
                if not provider.issuer.startswith("https://"):
                    raise ValueError(f"OIDC_PROVIDERS: the issuer of {provider.name} must begin with https://")
        return self

    @model_validator(mode="after")
    def _refuse_an_unsafe_production(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        faults = []
        secret = self.secret_key.get_secret_value()
        if not secret:
            faults.append("SECRET_KEY: missing; production needs one of its own")
        elif secret == DEVELOPMENT_SECRET_KEY:
            faults.append("SECRET_KEY: this is the development secret, which anyone can read; make one of your own")
        elif len(secret) < SHORTEST_SECRET_KEY:
            faults.append(f"SECRET_KEY: too short; use at least {SHORTEST_SECRET_KEY} random characters")
        if not self.encryption_keys:
            faults.append("ENCRYPTION_KEYS: missing; production needs at least one Fernet key")
        elif DEVELOPMENT_ENCRYPTION_KEY in [key.get_secret_value() for key in self.encryption_keys]:
            faults.append("ENCRYPTION_KEYS: holds the development key, which anyone can read; make one of your own")
        signing = self.activation_signing_key.get_secret_value()
        if not signing:
            faults.append("ACTIVATION_SIGNING_KEY: missing; what devices are answered is signed with it")
        elif key_bytes(signing) == key_bytes(DEVELOPMENT_SIGNING_KEY):
            faults.append("ACTIVATION_SIGNING_KEY: this is the development key, which anyone can read; make your own")
        if _public_part(DEVELOPMENT_SIGNING_KEY) in map(key_bytes, self.activation_published_keys):
            faults.append("ACTIVATION_PUBLISHED_KEYS: holds the development key, with which anyone can sign")
        if not self.base_url:
            faults.append("BASE_URL: missing; links in mails start with it")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @model_validator(mode="after")
    def _fill_what_follows_from_other_settings(self) -> Self:
        named = "localhost" if self.host in ANY_ADDRESS else self.host
        bracketed = f"[{named}]" if ":" in named else named
        base_url = self.base_url or f"http://{bracketed}:{self.port}"
        own_host = urlsplit(base_url).hostname or named
        local = () if self.environment is Environment.PRODUCTION else LOCAL_NAMES
        derived: dict[str, object] = {
            "base_url": base_url,
            "trusted_hosts": self.trusted_hosts or tuple(dict.fromkeys((own_host, *local))),
            "database_url": self.database_url or f"sqlite:///{self.data_dir / DATABASE_FILE}",
            "secret_key": self.secret_key if self.secret_key.get_secret_value() else SecretStr(DEVELOPMENT_SECRET_KEY),
            "activation_signing_key": self.activation_signing_key
            if self.activation_signing_key.get_secret_value()
            else SecretStr(DEVELOPMENT_SIGNING_KEY),
            "encryption_keys": self.encryption_keys or (SecretStr(DEVELOPMENT_ENCRYPTION_KEY),),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)  # frozen from here on
        return self


class _GivenEnvironment(EnvSettingsSource):
    """Reads settings from the mapping it is given instead of the process environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # Only names in capitals, so that a stray variable called "port" does not count. Empty means not set.
        return {name.lower(): value for name, value in self._environ.items() if name.isupper() and value.strip()}


def _public_part(private_key: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key_bytes(private_key)).public_key().public_bytes_raw()


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ`` (default: the process environment). Raises SettingsError."""
    try:
        return Settings(**_GivenEnvironment(os.environ if environ is None else environ)())
    except ValidationError as error:
        message = "Foyer cannot start with these settings:\n" + "\n".join(_faults(error))
    raise SettingsError(message)  # outside the handler: the first error would show the values in the traceback


def _faults(error: ValidationError) -> list[str]:
    """One line for each fault: the name of the setting, and what is wrong with it."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        reason = fault["msg"].removeprefix("Value error, ")
        where = str(fault["loc"][0]).upper() if fault["loc"] else ""
        lines += [f"{where}: {line}" if where else line for line in reason.splitlines()]
    return lines
