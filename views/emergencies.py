"""The banner above every page of the accounts that an emergency is announced to, and of the back office."""

from __future__ import annotations

from typing import Any

from domain.permissions import P
from panel import Visit
from services.announcements_in_force import emergencies
from services.markdown import markdown
from views.clock import now


def emergency_banner(visit: Visit) -> list[dict[str, Any]]:
    """What templates/components/emergency_banner.html shows, the newest first; staff are led to the record.

    Whether there is anything to ask for was told with the visitor's standing, so most pages ask nothing.
    """
    if not getattr(visit.context, "emergency", False):
        return []
    leads = visit.owner_id is None and visit.allows(P.STAFF_ANNOUNCEMENTS_READ)
    return [
        {
            "title": each.title,
            "text": markdown(each.body),
            "url": f"{visit.base_url}/announcements/{each.public_id}" if leads else "",
        }
        for each in emergencies(visit.owner_id, now=now())
    ]
