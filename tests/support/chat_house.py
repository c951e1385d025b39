"""What stories about a chat need: a seat with its chat, a discussion, and ways to lose a right."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from extensions import db
from integrations.mail import Answer, Outcome
from models import (
    AccountStatus,
    MemberRoleGrant,
    MemberStatus,
    NotificationChannel,
    NotificationDelivery,
)
from services.deliveries import deliver
from services.messages import write_message
from services.sign_in import person_as_actor
from services.telegram_outbox import ChatSender
from services.unit_of_work import unit_of_work
from tests.support.door import BROWSER


def rows(model):
    return db.session.scalars(select(model).order_by(model.id).execution_options(populate_existing=True)).all()


def answered_by_staff(discussion, agent, now, text="Try it again."):
    """Staff answer, which is delivered to the chat; gives the number the message has there."""
    db.session.commit()
    with unit_of_work():
        actor = replace(person_as_actor(agent.person, BROWSER), staff_member_id=agent.id)
        write_message(discussion, {"title": "About it", "body": text}, actor=actor, now=now)
    return send_all(now)


class Posted:
    """A gateway that takes everything and counts."""

    def __init__(self):
        self.number = 500

    def send(self, chat_id, text):
        self.number += 1
        return Outcome(Answer.TAKEN, remote_id=str(self.number))


def send_all(now):
    senders = {NotificationChannel.TELEGRAM: ChatSender(Posted())}
    waiting = select(NotificationDelivery.id).where(
        NotificationDelivery.channel == NotificationChannel.TELEGRAM, NotificationDelivery.remote_id.is_(None)
    )
    numbers = []
    for delivery_id in db.session.scalars(waiting.order_by(NotificationDelivery.id)).all():
        deliver(delivery_id, senders, now=now)
        row = db.session.get_one(NotificationDelivery, delivery_id, populate_existing=True)
        numbers.append(int(row.remote_id))
    return numbers[-1] if numbers else 0


def disable(seat, now):
    seat.person.disabled_at = now


def take_role(seat, now):
    for grant in db.session.scalars(select(MemberRoleGrant).where(MemberRoleGrant.member_id == seat.id)).all():
        db.session.delete(grant)


def suspend(seat, now):
    seat.account.status = AccountStatus.SUSPENDED


def disable_seat(seat, now):
    seat.status = MemberStatus.DISABLED


def take_access(seat, now):
    seat.portal_access = False


ENDS = [disable, take_role, suspend, disable_seat, take_access]
