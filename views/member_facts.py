"""What the page of a member says beyond its columns: roles in words, the way in, and who manages the sign-in."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup, escape

from domain.permissions import MemberRole, P
from domain.role_words import GIVEN_ROLES, grants_in_words, implied_by, role_label
from domain.sentences import Sentence, joined
from models import Member
from models.person import Person
from panel import Banner, DetailsField, Facts, Visit
from services.invitations import InvitationState, invitation_state
from services.members import is_managed_here, person_of
from services.ownership import open_ownership_change, people_of_change
from services.roles import roles_held
from services.second_step import factors_of
from views.clock import now as time_now
from views.locale import said
from views.moments import moment_text
from views.tones import tone_of


def member_facts(visit: Visit, member: Member, now: dt.datetime) -> list[Facts]:
    """Two boxes: what the member may do, and how they come in."""
    return [_roles(member), _way_in(visit, member, now)]


def ownership_banners(visit: Visit) -> list[Banner]:
    """Says above the list of members that a change of ownership is open."""
    if visit.owner_id is None or not visit.allows(P.OWNERSHIP_MOVE):
        return []
    change = open_ownership_change(visit.owner_id, now=time_now())
    if change is None:
        return []
    _former, new = people_of_change(change)
    text = Sentence("It is proposed that %(new)s becomes owner of this account.", new=new)
    return [Banner(text, f"{visit.base_url}/ownership/", "Open the change of ownership")]


def _roles(member: Member) -> Facts:
    title = "What this member may do"
    if member.is_owner:
        return Facts(title, [_text("owner", role_label(MemberRole.OWNER), grants_in_words(MemberRole.OWNER))])
    held = roles_held(member)
    implied = implied_by(held)
    fields = [
        _text(
            role.value,
            role_label(role),
            _grants(role, implied.get(role)),
        )
        for role in GIVEN_ROLES
        if role in held or role in implied
    ]
    nothing = "Nothing beyond their own settings and the resources centre: they hold no role."
    return Facts(title, fields or [_text("none", "Roles", nothing)])


def _grants(role: MemberRole, through: MemberRole | None) -> str:
    sentences = [grants_in_words(role)]
    if through is not None:
        sentences.append(Sentence("Through %(role)s.", role=role_label(through)))
    return joined(sentences)


def _way_in(visit: Visit, member: Member, now: dt.datetime) -> Facts:
    person = person_of(member)
    fields = [_text("seat", "Seat", _seat(member))]
    if member.portal_access:
        fields += [
            _invitation(visit, invitation_state(member, now=now)),
            _text("two_step", "2-step verification", _two_step(person)),
            DetailsField("last_seen", "Last seen in this account", "moment", _moment(visit, member.last_seen_at)),
            _text("identity", "Sign-in", _identity(member, person, staff=visit.owner_id is None)),
        ]
    return Facts("How this member comes in", fields)


def _seat(member: Member) -> str:
    if not member.portal_access:
        return "In the address book only: no e-mail address, no password, no roles."
    return {
        "invited": "Invited: waits until they accept.",
        "enabled": "Enabled: they can sign in to this account.",
        "disabled": "Disabled: they cannot come in until somebody enables them. Their roles are kept.",
    }[member.status.value]


def _invitation(visit: Visit, state: InvitationState | None) -> DetailsField:
    if state is None:
        return _text("invitation", "Invitation", "None was sent.")
    badge = Markup('<span class="badge tone-{}">{}</span>').format(tone_of(state.state), said(_STATES[state.state]))
    sent = {"email": state.email, "moment": moment_text(visit, state.sent_at)}
    lines = [Sentence("Sent to %(email)s %(moment)s;", **sent)]
    if state.sent_by:
        lines = [Sentence("Sent to %(email)s %(moment)s by %(sender)s;", **sent, sender=state.sent_by)]
    lines.append(_end(visit, state))
    return DetailsField("invitation", "Invitation", "text", Markup("{} {}").format(badge, said(joined(lines))))


_STATES = {"open": "Open", "accepted": "Accepted", "withdrawn": "Withdrawn", "expired": "Expired"}


def _end(visit: Visit, state: InvitationState) -> Sentence:
    """What became of the invitation, and when; or how long it works."""
    answered = state.state in ("accepted", "withdrawn")
    when = state.answered_at if answered else state.expires_at
    moment = moment_text(visit, when) if when is not None else ""
    if state.state == "accepted":
        return Sentence("answered %(moment)s.", moment=moment)
    if state.state == "withdrawn":
        return Sentence("withdrawn %(moment)s.", moment=moment)
    if state.state == "expired":
        return Sentence("expired %(moment)s.", moment=moment)
    return Sentence("works until %(moment)s.", moment=moment)


def _two_step(person: Person) -> str:
    factors = factors_of(person)
    return "On" if factors.any else "Off"


def _identity(member: Member, person: Person, *, staff: bool) -> str:
    if is_managed_here(member, person):
        if staff:
            return "Managed by that account: its owner may change the name and reset password and 2-step verification."
        return "Managed by this account: its owner may change the name and reset password and 2-step verification."
    return "Not managed by this account: only the seat can be touched here, the sign-in by themselves or by support."


def _text(name: str, label: str, value: str) -> DetailsField:
    return DetailsField(name, label, "text", escape(said(value)))


def _moment(visit: Visit, value: dt.datetime | None) -> Markup:
    return escape(moment_text(visit, value)) if value is not None else Markup("")
