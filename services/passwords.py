"""Password hashes: Argon2id, made with the parameters that app.py hands in."""

from __future__ import annotations

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# What an unauthenticated visitor may make us hash. Longer input is cut off before any work is done on it.
LONGEST_CHECKED = 1024
_TEMPORARY_LENGTH = 16
_TEMPORARY_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class PasswordHashes:
    """Makes and checks hashes. ``check`` costs the same work whether or not there is a hash to compare with."""

    def __init__(self) -> None:
        self.bind()

    def bind(self, *, time_cost: int = 3, memory_cost: int = 65536, parallelism: int = 4) -> None:
        """Use these parameters from now on; hashes made with others stay valid and are renewed at sign-in."""
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism)
        self._nobodys = ""

    def make(self, password: str) -> str:
        """Hash a new password."""
        return self._hasher.hash(_bytes(password))

    def check(self, hashed: str | None, password: str) -> bool:
        """Say whether the password fits. Without a hash (nobody, or no password) the same work is done in vain."""
        try:
            self._hasher.verify(hashed or self._hash_of_nobody(), _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return bool(hashed)

    def is_outdated(self, hashed: str) -> bool:
        """Say whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def _hash_of_nobody(self) -> str:
        if not self._nobodys:
            self._nobodys = self._hasher.hash(secrets.token_bytes(32))
        return self._nobodys


passwords = PasswordHashes()


def new_temporary_password() -> str:
    """A random password to be mailed: 16 characters without look-alikes, about 93 bits."""
    return "".join(secrets.choice(_TEMPORARY_ALPHABET) for _ in range(_TEMPORARY_LENGTH))


def _bytes(password: str) -> bytes:
    """One spelling for one text: keyboards write the same letter with an accent in different ways."""
    written = unicodedata.normalize("NFKC", password[:LONGEST_CHECKED])
    return written.encode("utf-8", "surrogatepass")
