"""The form for lists of networks, the same for a person and for an account."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from domain.networks import NetworkNotReadable
from models.sign_in import AllowedNetwork
from panel.form import Form

LONGEST_NOTE = 120


class NetworkForm(Form):
    cidr = StringField(
        "IP address or network",
        [InputRequired(NetworkNotReadable.message), Length(max=80, message=NetworkNotReadable.message)],
        description="Like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/48.",
    )
    note = StringField("Note", [Length(max=LONGEST_NOTE, message="Enter at most %(max)d characters.")])


class RemoveNetworkForm(Form):
    """Nothing but the token."""


def network_rows(found: Sequence[AllowedNetwork]) -> list[dict[str, str]]:
    """The list as pages show it."""
    return [{"id": row.public_id, "cidr": row.cidr, "note": row.note or ""} for row in found]
