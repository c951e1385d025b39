"""Members: the people of an account, what they may do, and the acts on their access."""

from __future__ import annotations

from domain.permissions import P
from models import Member, MemberRoleGrant
from panel import PORTAL, STAFF, Action, Choice, Column, DateRange, Lookup, Related, Resource, YesNo, reading
from services.interests import interests_of
from services.members import (
    NoPortalAccess,
    add_member,
    delete_member,
    disable_member,
    edit_member,
    enable_member,
    reset_member_password,
    reset_member_second_factor,
)
from views.email_changes import CHANGE_MEMBER_EMAIL
from views.interests import InterestFields
from views.logins_as import ASK_FOR_MEMBER, LOG_IN_AS_MEMBER
from views.member_access import ACCESS_OFF, ACCESS_ON, MAKE_OWNER, SEND_INVITATION, WITHDRAW_INVITATION
from views.member_facts import member_facts, ownership_banners
from views.member_roles import CHANGE_ROLES, GIVE_ROLES, TAKE_ROLES
from views.phone_removals import REMOVE_MEMBER_PHONE
from views.previews import PREVIEW_MEMBER

NEW_FIELDS = (
    "person.first_name", "person.last_name", "person.email", "type", "phone", "time_zone", "portal_access", "pay_limit",
)  # fmt: skip


def _interests_held(member: Member) -> list[str]:
    return [interest.public_id for interest in interests_of(member) if not interest.retired]


class MemberResource(Resource):
    model, slug, title = Member, "members", "Members"
    description = "People who sign in for the account, and what each of them may do."
    group, icon, label = "Customers", "people", "person.email"
    columns = (
        Column("person.email", "E-mail", link=True),
        Column("person.first_name", "First name"),
        Column("person.last_name", "Last name"),
        Column("account.name", "Account", realms={STAFF}),
        Column("type", sort=True),
        Column("status", sort=True),
        Column("is_owner", "Owner"),
        Column("portal_access", list=False),
        Column("phone", list=False),
        Column("time_zone", list=False),
        Column("pay_limit", list=False),
        Column("last_seen_at", "Last seen"),
        Column("person.last_sign_in_at", "Last sign-in", list=False),
        Column("person.restricted_at", "Use of data restricted", list=False, realms={STAFF}),
        Column("created_at", "Added", sort=True),
    )
    filters = (
        Choice("status"),
        Choice("type"),
        YesNo("is_owner", "Owner"),
        YesNo("portal_access"),
        Lookup("account", realms={STAFF}),
        DateRange("created_at", "Added"),
    )
    search = ("person.email", "person.first_name", "person.last_name")
    default_sort = "-created_at"
    form = {
        "create": {STAFF: ("account", *NEW_FIELDS), PORTAL: NEW_FIELDS},
        "edit": ("person.first_name", "person.last_name", "type", "phone", "time_zone", "pay_limit"),
    }
    form_extras = {"create": InterestFields, "edit": InterestFields}
    extra_values = {"interests": _interests_held}
    help = {
        "person.email": "Without portal access leave it empty. An invitation is mailed to it.",
        "pay_limit": "Up to this amount they pay an invoice alone; above it the owner decides. Empty: no limit.",
        "time_zone": "Like Europe/Berlin. Times are shown in it.",
    }
    saves = {"create": add_member, "edit": edit_member, "delete": delete_member}
    load = ("person", "account", "role_grants")
    grants = {
        **reading(P.MEMBERS_READ),
        "create": P.MEMBERS_CREATE,
        "edit": P.MEMBERS_EDIT,
        "delete": P.MEMBERS_DELETE,
    }
    actions = (
        CHANGE_ROLES,
        LOG_IN_AS_MEMBER,
        ASK_FOR_MEMBER,
        PREVIEW_MEMBER,
        Action(
            enable_member,
            "Enable",
            grant=P.MEMBERS_ENABLE,
            when=Member.can_enable,
            bulk=True,
            confirm="They can sign in again with the roles they had.",
            done="The member is enabled.",
            name="enable",
        ),
        Action(
            disable_member,
            "Disable",
            grant=P.MEMBERS_ENABLE,
            when=Member.can_disable,
            bulk=True,
            danger=True,
            confirm="They are signed out of this account at once and cannot come back until you enable them.",
            done="The member is disabled.",
            name="disable",
            undo="enable",
        ),
        SEND_INVITATION,
        WITHDRAW_INVITATION,
        Action(
            reset_member_password,
            "Reset password",
            grant=P.MEMBERS_RESET,
            when=Member.can_reset_password,
            why_not=NoPortalAccess.message,
            danger=True,
            sensitive=True,
            confirm="A random password is mailed to them. It works once, for 60 minutes, and must be changed then. "
            "Their present password stops working, accounts of other houses (like Google) are disconnected, and they "
            "are signed out everywhere.",
            done="A new password is on its way to the member's own address.",
            name="reset-password",
        ),
        Action(
            reset_member_second_factor,
            "Reset 2-step verification",
            grant=P.MEMBERS_RESET,
            when=Member.can_reset_second_factor,
            why_not=NoPortalAccess.message,
            danger=True,
            sensitive=True,
            confirm="Their time codes, passkeys and recovery codes stop working, accounts of other houses (like "
            "Google) are disconnected, and they are signed out everywhere. Make sure it is really them who ask.",
            done="2-step verification is reset.",
            name="reset-2-step-verification",
        ),
        REMOVE_MEMBER_PHONE,
        CHANGE_MEMBER_EMAIL,
        ACCESS_ON,
        ACCESS_OFF,
        MAKE_OWNER,
        GIVE_ROLES,
        TAKE_ROLES,
    )
    related = (
        Related("role_grants", columns=("role", "granted_by.email", "created_at"), label="Roles given"),
        Related("interests", columns=("interest.name",), label="Interests in the company"),
    )
    facts = member_facts
    banners = ownership_banners


class RoleGrantResource(Resource):
    model, slug, title, noun = MemberRoleGrant, "roles", "Roles", "Role"
    description = "Who holds which role. Ownership is shown with the member."
    group, icon, label = "Customers", "key", "role"
    columns = (
        Column("member.person.email", "Member"),
        Column("role", link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("granted_by.email", "Granted by"),
        Column("created_at", "Since", sort=True),
    )
    filters = (Choice("role"), Lookup("member"), Lookup("account", realms={STAFF}), DateRange("created_at", "Since"))
    default_sort = "-created_at"
    grants = reading(P.ROLES_READ)
