"""What people were told in the demo: notices of every kind, mails that went out, and prospects that are reserved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select, update

from domain.permissions import P
from extensions import db
from models.account import Account
from models.notification import (
    DeliveryState,
    Notification,
    NotificationDelivery,
    NotificationKind,
    NotificationRead,
)
from services.demo.world import World, add
from services.prospects import release_prospect, reserve_prospect

_PROSPECTS: Final = (
    # company, contact, country, days ago
    ("Birchwood Realty", "Megan Hall", "US", 12),
    ("Kestrel Aviation Ltd.", "Tom Fry", "GB", 30),
    ("Maison Clément", "Jeanne Roy", "FR", 61),
    ("Solaris Energie GmbH", "Ulf Petersen", "DE", 75),
    ("Tamarack Outdoor Co.", "Pat Greene", "US", 130),
    ("Vista Dental Group", "Ray Soto", "US", 3),
    ("Windmill Bakeries", "Lotte Smit", "NL", 200),
)
_RELEASED: Final = 3
# What has a place in time, and is told to those whose role covers it.
_TOLD: Final = (
    (NotificationKind.SERVICE_STATUS, P.LICENSES_READ, "Maintenance of the hosted systems on Sunday night", 12),
    (NotificationKind.INVOICES, P.INVOICES_READ, "A new invoice is there", 17),
    (NotificationKind.INVOICES, P.INVOICES_READ, "An invoice is overdue", 2),
    (NotificationKind.PAYMENTS, P.PAYMENTS_READ, "Your bank transfer arrived", 21),
    (NotificationKind.PAYMENTS, P.PAYMENTS_READ, "A card payment failed", 9),
    (NotificationKind.TICKET_REPLIES, P.TICKETS_READ, "New answer in your ticket", 1),
    (NotificationKind.NEWSLETTERS, P.ACCOUNT_READ, "What is new this quarter", 40),
)


def put_prospects(world: World) -> None:
    """Companies that resellers keep free for themselves; one was released, and some ran out."""
    acme, cirrus = world.accounts["Acme Telecom"], world.accounts["Cirrus Voice"]
    for place, (company, contact, country, days) in enumerate(_PROSPECTS):
        account = cirrus if place % 3 == 2 else acme
        values = {
            "account_id": account.id,
            "company": company,
            "contact": contact,
            "email": f"{contact.split()[0].lower()}@{company.split()[0].lower()}.example",
            "country": country,
            "note": "Met at the trade fair." if place % 2 else None,
        }
        world.agenda.note(world.ago(days, 15, place), _reserve, world, account, values, place == _RELEASED)


def _reserve(world: World, account: Account, values: Mapping[str, object], released: bool, at: dt.datetime) -> None:
    actor = world.as_owner(account)
    prospect = reserve_prospect(values, actor=actor, now=at)
    if released:
        release_prospect(prospect, actor=actor, now=min(world.now, at + dt.timedelta(days=20)))


def put_notices(world: World) -> None:
    """Notices that stand in the portal of Acme and Cirrus, some of them read."""
    for account in (world.accounts["Acme Telecom"], world.accounts["Cirrus Voice"]):
        for kind, permission, title, days in _TOLD:
            at = world.ago(days, 6, 30)
            notice = add(
                Notification(
                    account_id=account.id,
                    permission=permission.value,
                    kind=kind,
                    event=f"demo.{kind.value}",
                    title=title,
                    body=f"{title}. Open it in the portal to see the details.",
                    created_at=at,
                )
            )
            owner = world.owners[account.name]
            if days > 10:
                read_at = at + dt.timedelta(hours=4)
                add(NotificationRead(notification_id=notice.id, person_id=owner.person_id, read_at=read_at))


def send_old_mails(world: World) -> None:
    """Say of the mails of the past that they went out; a secret in them is blanked. Three show what can go wrong."""
    recent = world.now - dt.timedelta(days=1)
    sent = update(NotificationDelivery).where(NotificationDelivery.created_at < recent)
    done = {"state": DeliveryState.SENT, "attempts": 1, "sent_at": NotificationDelivery.created_at, "next_try_at": None}
    everything = {"synchronize_session": False}
    db.session.flush()
    db.session.execute(sent.values(done).execution_options(**everything))
    secrets = sent.where(NotificationDelivery.secret.is_(True)).values(text="", html=None)
    db.session.execute(secrets.execution_options(**everything))
    last = select(NotificationDelivery).order_by(NotificationDelivery.id.desc()).limit(3)
    mails = db.session.scalars(last.execution_options(populate_existing=True)).all()
    for mail, state in zip(mails, (DeliveryState.FAILED, DeliveryState.CANCELLED), strict=False):
        mail.state, mail.sent_at, mail.next_try_at = state, None, None
        mail.error = "The address does not exist" if state is DeliveryState.FAILED else None
    db.session.flush()
