"""Who does something: handed to every operation, and written into the audit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The door an act came in by."""

    PORTAL = "portal"
    STAFF = "staff"
    API = "api"
    JOB = "job"
    IMPORT = "import"
    SYSTEM = "system"
    EMAIL = "email"
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at a desk, or a job. ``name`` is kept with the act, so that the trail reads well after the person left.

    ``on_behalf_of_id`` is the person whose seat is used while staff are logged in as a member; ``person_id`` stays the
    one who really acts. ``account_id`` is empty for staff and for jobs over all accounts. ``proved_at`` is when the
    person last proved who they are; sensitive acts want that to be recent (services/step_up.py).
    """

    name: str
    source: Source
    person_id: int | None = None
    staff_member_id: int | None = None
    member_id: int | None = None
    account_id: int | None = None
    ip: str | None = None
    on_behalf_of_id: int | None = None
    proved_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("an actor needs a name")
        object.__setattr__(self, "source", Source(self.source))  # an unknown door is an error, not a new word


def system_actor(name: str) -> Actor:
    """The actor of what no person started, named after the job or command that does it."""
    return Actor(name=name, source=Source.SYSTEM)
