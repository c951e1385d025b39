"""The link at the end of a mail that switches its kind off: signed, so that nobody can do it to somebody else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from models.notification import NotificationKind
from models.person import Person
from services.mail_texts import mail_texts

LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Whose mails of which kind a link stops."""

    person_public_id: str
    kind: NotificationKind


class UnsubscribeLinks:
    """Makes and reads the tokens. They do not run out: a mail may be read years later."""

    def __init__(self) -> None:
        self.bind(secrets.token_urlsafe())

    def bind(self, secret_key: str) -> None:
        """Sign with this key."""
        self._serializer = URLSafeSerializer(secret_key, salt="unsubscribe")

    def url(self, person: Person, kind: NotificationKind) -> str:
        """The address that stops mails of this kind."""
        return f"{mail_texts.base_url}/unsubscribe/{self._serializer.dumps([person.public_id, kind.value])}"

    def read(self, token: str) -> Unsubscription | None:
        """What a token stops; None for one that we did not make."""
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            public_id, kind = self._serializer.loads(token)
            return Unsubscription(public_id, NotificationKind(kind))
        except (BadData, TypeError, ValueError):
            return None


unsubscribe_links = UnsubscribeLinks()
