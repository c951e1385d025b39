"""Extensions, created unbound; app.py binds them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table's base. Constraint names are fixed, because services turn them into refusals."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class SecretNotReadable(RuntimeError):
    """A secret was encrypted with a key that is not among ENCRYPTION_KEYS any more: the operator's mistake."""


class Cipher:
    """Keeps secrets that must be read back. Encrypts with the first key, decrypts with any of them."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None
        self._keys: tuple[bytes, ...] = ()

    def init(self, keys: Sequence[str]) -> None:
        """Use these Fernet keys, newest first: a key is changed by putting a new one in front."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._keys = tuple(hmac.digest(key.encode(), b"digests of short codes", "sha256") for key in keys)

    def encrypt(self, text: str) -> str:
        return self._bound().encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        try:
            return self._bound().decrypt(token.encode("ascii")).decode()
        except InvalidToken as error:
            raise SecretNotReadable("a secret was encrypted with a key that ENCRYPTION_KEYS does not hold") from error

    def renew(self, token: str) -> str:
        """Encrypt again with the newest key."""
        return self._bound().rotate(token.encode("ascii")).decode("ascii")

    def digest(self, text: str) -> str:
        """A hash that nobody can guess back without our key, for what is too short for a plain one."""
        self._bound()
        return self.digests(text)[0]

    def digests(self, text: str) -> list[str]:
        """The same under each key, newest first, to compare with."""
        return [hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex() for key in self._keys]

    def _bound(self) -> MultiFernet:
        if self._fernet is None:
            raise SecretNotReadable("no ENCRYPTION_KEYS were handed in")
        return self._fernet


# expire_on_commit is off: a response may show the rows that were just written, without reading them again.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
csrf = CSRFProtect()
login_manager = LoginManager()
babel = Babel()
cipher = Cipher()
