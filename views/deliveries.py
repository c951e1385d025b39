"""What was sent to whom, and what became of it: for staff, and never with the texts."""

from __future__ import annotations

from domain.permissions import P
from models import NotificationDelivery
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, Resource, Text, reading
from services.deliveries import retry_delivery


class DeliveryResource(Resource):
    model, slug, title, noun = NotificationDelivery, "deliveries", "Deliveries", "Delivery"
    description = "Messages that go out, with their state. What they say is read under Notifications; secrets nowhere."
    group, icon, label, status = "Administration", "envelope", "subject", "state"
    realms = frozenset({STAFF})
    columns = (
        Column("created_at", "Written", sort=True),
        Column("subject", link=True),
        Column("address", "To"),
        Column("channel", list=False),
        Column("state", sort=True),
        Column("attempts", "Tries"),
        Column("next_try_at", "Next try"),
        Column("sent_at", "Sent"),
        Column("error", "Last answer", list=False),
        Column("event", list=False),
        Column("account.name", "Account", list=False),
        Column("person.email", "Person", list=False),
        Column("notification.title", "Notification", list=False),
        Column("document_number", "Attached", list=False),
        Column("message_id", "Message-ID", list=False),
        Column("reply_to", "Replies go to", list=False),
    )
    filters = (
        Choice("state"),
        Choice("channel"),
        Text("event", exact=True),
        DateRange("created_at", "Written"),
        Lookup("account"),
    )
    search = ("address", "subject")
    default_sort = "-created_at"
    grants = reading(P.STAFF_DELIVERIES_READ)
    actions = (
        Action(
            retry_delivery,
            "Retry",
            grant=P.STAFF_DELIVERIES_RETRY,
            when=NotificationDelivery.can_retry,
            confirm="It is sent once more, with the same Message-ID.",
            done="It is on its way again.",
            why_not="Only what failed or was cancelled can be sent again.",
            name="retry",
            bulk=True,
        ),
    )
