"""The provider's own people and departments, the audit, and what was sent."""

from __future__ import annotations

from domain.actor import Source
from domain.permissions import P
from models import AuditEvent, Department, Notification, StaffMember
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, Reference, Related, Resource, Text, YesNo, reading
from services.departments import departments_of
from services.staff_invitations import invite_staff_member, withdraw_staff_invitation
from services.staff_members import (
    create_staff_member,
    disable_staff_member,
    edit_staff_member,
    enable_staff_member,
    reset_staff_password,
    reset_staff_second_factor,
)
from views.email_changes import CHANGE_STAFF_EMAIL
from views.forms import DepartmentFields
from views.inbox import note_read, seen_notices
from views.phone_removals import REMOVE_STAFF_PHONE

PERSON = Reference(label="email", key="public_id", search=("email", "first_name", "last_name"))


class StaffMemberResource(Resource):
    model, slug, title, noun = StaffMember, "staff-members", "Staff", "Staff member"
    group, icon, label = "Administration", "person-badge", "person.email"
    realms = frozenset({STAFF})
    columns = (
        Column("person.email", "E-mail", link=True),
        Column("person.first_name", "First name"),
        Column("person.last_name", "Last name"),
        Column("role", sort=True),
        Column("status", sort=True),
        Column("person.last_sign_in_at", "Last sign-in"),
        Column("created_at", "Added", sort=True),
    )
    filters = (Choice("role"), Choice("status"))
    search = ("person.email", "person.first_name", "person.last_name")
    default_sort = "-created_at"
    form = {
        "create": ("person.first_name", "person.last_name", "person.email", "role"),
        "edit": ("person.first_name", "person.last_name", "role"),
    }
    form_extras = {"create": DepartmentFields, "edit": DepartmentFields}
    extra_values = {"departments": departments_of}
    help = {"role": "What each role may do stands in docs/permissions.md. Nobody changes their own."}
    saves = {"create": create_staff_member, "edit": edit_staff_member}
    load = ("person",)
    grants = {**reading(P.STAFF_STAFF_READ), "create": P.STAFF_STAFF_EDIT, "edit": P.STAFF_STAFF_EDIT}
    sensitive = frozenset({"create", "edit"})  # both give a role
    actions = (
        Action(
            enable_staff_member,
            "Enable",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_enable,
            done="They can sign in again.",
            name="enable",
        ),
        Action(
            disable_staff_member,
            "Disable",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_disable,
            danger=True,
            confirm="They are signed out at once.",
            done="They can no longer sign in.",
            name="disable",
            undo="enable",
        ),
        Action(
            invite_staff_member,
            "Send invitation again",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_invite,
            confirm="They get a new link to choose their password. Older links stop working.",
            done="The invitation is on its way.",
            why_not="They have signed in already, or are disabled.",
            name="invite",
        ),
        Action(
            withdraw_staff_invitation,
            "Withdraw invitation",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_invite,
            danger=True,
            confirm="Its link stops working and they are disabled. Enabled again, they can be invited again.",
            done="The invitation is withdrawn.",
            why_not="They have signed in already, or are disabled.",
            name="withdraw-invitation",
        ),
        Action(
            reset_staff_password,
            "Reset password",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_disable,
            danger=True,
            sensitive=True,
            confirm="A random password is mailed to them. It works once, for 60 minutes. Their present password "
            "stops working, accounts of other houses are disconnected, and they are signed out everywhere.",
            done="A new password is on its way to their own address.",
            name="reset-password",
        ),
        Action(
            reset_staff_second_factor,
            "Reset 2-step verification",
            grant=P.STAFF_STAFF_EDIT,
            when=StaffMember.can_disable,
            danger=True,
            sensitive=True,
            confirm="Their time codes, passkeys and recovery codes stop working, accounts of other houses are "
            "disconnected, and they are signed out everywhere. Make sure it is really them who ask.",
            done="2-step verification is reset.",
            name="reset-2-step-verification",
        ),
        REMOVE_STAFF_PHONE,
        CHANGE_STAFF_EMAIL,
    )
    related = (Related("departments", columns=("department.name",)),)


class DepartmentResource(Resource):
    model, slug, title = Department, "departments", "Departments"
    group, icon, label, status = "Administration", "building", "name", ""
    realms = frozenset({STAFF})
    columns = (Column("name", sort=True, link=True), Column("email", "E-mail"), Column("retired"))
    filters = (YesNo("retired"),)
    search = ("name",)
    default_sort = "name"
    form = {"create": ("name", "email"), "edit": ("name", "email", "retired")}
    labels = {"email": "E-mail"}
    grants = {
        **reading(P.STAFF_DEPARTMENTS_READ),
        "create": P.STAFF_DEPARTMENTS_EDIT,
        "edit": P.STAFF_DEPARTMENTS_EDIT,
    }
    related = (Related("staff", columns=("staff_member.person.email", "staff_member.role")),)


class AuditResource(Resource):
    model, slug, title, noun = AuditEvent, "audit", "Audit", "Event"
    description = "Who changed what, when, and from where. Nothing here can be changed."
    group, icon, key, label, status = "Administration", "shield-check", "hash", "event", ""
    columns = (
        Column("at", "When", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("event", sort=True),
        Column("target_type", "Record"),
        Column("target_key", "Number"),
        Column("who"),
        Column("source", "By"),
        Column("ip", "IP", list=False),
        Column("before", list=False, export=False),
        Column("after", list=False, export=False),
        Column("sequence", list=False),
        Column("previous_hash", list=False, realms={STAFF}),
    )
    filters = (
        DateRange("at", "Date"),
        Text("event"),
        Text("target_key", "Number", exact=True),
        Text("target_type", "Record", exact=True),
        Lookup("account", realms={STAFF}),
        Lookup("actor_person", "Who", realms={STAFF}, param="who"),
        Lookup("on_behalf_of", "As whom", realms={STAFF}, param="as"),
        YesNo("on_behalf_of_id", "Logged in as a member", param="logged-in-as"),
        Choice("source", "By", choices=tuple(Source)),
        Text("ip", "IP", exact=True),
    )
    search = ("target_key",)
    default_sort = "-at"
    references = {"actor_person": PERSON, "on_behalf_of": PERSON}
    grants = reading({STAFF: P.STAFF_AUDIT_READ, "portal": P.AUDIT_READ})


class NotificationResource(Resource):
    model, slug, title = Notification, "notifications", "Notifications"
    description = "Everything that was told, to read again."
    group, icon, label, status = "Support", "bell", "title", ""
    columns = (
        Column("title", link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("kind", sort=True),
        Column("person.email", "To"),
        Column("created_at", "Date", sort=True),
        Column("body", "Text", list=False),
    )
    filters = (Choice("kind"), DateRange("created_at", "Date"), Lookup("account", realms={STAFF}))
    search = ("title",)
    default_sort = "-created_at"
    grants = reading(P.NOTIFICATIONS_READ)
    narrow = seen_notices
    opened = note_read
    related = (
        Related(
            "deliveries",
            columns=("channel", "address", "state", "attempts", "sent_at"),
            order="-created_at",
            realms={STAFF},
        ),
    )
