"""Who may do what: the vocabulary of permissions, the roles, and the two tables that join them.

Nothing else grants anything. A resource pairs each route with one of these names; a name without ``staff:`` means the
same act in both realms (a member over the rows of their account, staff over all), one with ``staff:`` is never a
member's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class P(StrEnum):
    """A permission: ``noun:verb``, or ``staff:noun:verb`` for what only the provider's own people do."""

    # The account and its people
    ACCOUNTS_READ = "accounts:read"  # records of accounts; in the portal one's own
    ACCOUNT_READ = "account:read"  # the settings page of one's own account
    ACCOUNT_EDIT = "account:edit"
    MEMBERS_READ = "members:read"
    MEMBERS_CREATE = "members:create"  # add and invite
    MEMBERS_EDIT = "members:edit"
    MEMBERS_DELETE = "members:delete"
    MEMBERS_ENABLE = "members:enable"  # switch portal access on and off
    MEMBERS_GRANT = "members:grant"  # change roles
    MEMBERS_RESET = "members:reset"  # password and two-step verification
    OWNERSHIP_MOVE = "ownership:move"
    ROLES_READ = "roles:read"
    AUDIT_READ = "audit:read"
    NOTIFICATIONS_READ = "notifications:read"
    LOGINS_AS_READ = "logins-as:read"  # when staff stood in the account as one of its members
    LOGINS_AS_DECIDE = "logins-as:decide"  # end one, give or withdraw consent, demand it

    # Money
    INVOICES_READ = "invoices:read"
    INVOICES_PAY = "invoices:pay"
    CREDIT_NOTES_READ = "credit-notes:read"
    STATEMENTS_READ = "statements:read"
    PAYMENTS_READ = "payments:read"  # all payments of the account, whoever made them
    PAYMENTS_APPROVE = "payments:approve"  # let a member pay above their limit
    PAYMENT_METHODS_READ = "payment-methods:read"
    PAYMENT_METHODS_EDIT = "payment-methods:edit"
    FUNDS_ADD = "funds:add"
    ORDERS_READ = "orders:read"
    ORDERS_CREATE = "orders:create"
    FINANCING_READ = "financing:read"  # requests for it
    FINANCING_REQUEST = "financing:request"

    # What the account has
    SUBSCRIPTIONS_READ = "subscriptions:read"  # with their items
    SUBSCRIPTIONS_EDIT = "subscriptions:edit"
    LICENSES_READ = "licenses:read"
    LICENSES_EDIT = "licenses:edit"
    LICENSES_RESET = "licenses:reset"  # the saved MAC and IP address
    CUSTOMER_LICENSES_READ = "customer-licenses:read"
    CLIENT_APP_REPORT_READ = "client-app-report:read"
    TRANSFERS_READ = "transfers:read"  # what was moved between licenses, and when
    TRANSFERS_MAKE = "transfers:make"  # and undo
    PROSPECTS_READ = "prospects:read"
    PROSPECTS_EDIT = "prospects:edit"
    RELEASES_READ = "releases:read"
    RESOURCES_READ = "resources:read"  # the resources centre and the help menu

    # Help
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    CHAT_USE = "chat:use"

    # Staff only
    STAFF_ACCOUNTS_CREATE = "staff:accounts:create"
    STAFF_ACCOUNTS_EDIT = "staff:accounts:edit"
    STAFF_ACCOUNTS_SUSPEND = "staff:accounts:suspend"
    STAFF_ACCOUNTS_DELETE = "staff:accounts:delete"
    STAFF_ACCOUNTS_ENTER = "staff:accounts:enter"  # log in as a member
    STAFF_INVOICES_ISSUE = "staff:invoices:issue"
    STAFF_INVOICES_EDIT = "staff:invoices:edit"  # drafts only; an issued one never changes
    STAFF_INVOICES_VOID = "staff:invoices:void"
    STAFF_CREDIT_NOTES_ISSUE = "staff:credit-notes:issue"
    STAFF_PAYMENTS_RECORD = "staff:payments:record"
    STAFF_PAYMENTS_REFUND = "staff:payments:refund"
    STAFF_CREDIT_GIVE = "staff:credit:give"  # give and take back credit
    STAFF_CREDIT_LIMITS_SET = "staff:credit-limits:set"  # set and remove limits, switch prepaid and postpaid
    STAFF_BOOKS_READ = "staff:books:read"
    STAFF_BOOKS_CLOSE = "staff:books:close"
    STAFF_TAX_RULES_READ = "staff:tax-rules:read"
    STAFF_TAX_RULES_EDIT = "staff:tax-rules:edit"
    STAFF_FINANCING_DECIDE = "staff:financing:decide"
    STAFF_GATEWAYS_READ = "staff:gateways:read"
    STAFF_GATEWAYS_EDIT = "staff:gateways:edit"
    STAFF_CATALOGUE_READ = "staff:catalogue:read"  # products, packages and prices
    STAFF_CATALOGUE_EDIT = "staff:catalogue:edit"
    STAFF_RELEASES_EDIT = "staff:releases:edit"
    STAFF_RESOURCES_EDIT = "staff:resources:edit"
    STAFF_LICENSES_GRANT_RESETS = "staff:licenses:grant-resets"
    STAFF_TICKETS_READ = "staff:tickets:read"  # tickets of all departments; others see those of their own
    STAFF_TICKETS_WORK = "staff:tickets:work"  # assign, internal notes, merge
    STAFF_INBOUND_MAILS_READ = "staff:inbound-mails:read"
    STAFF_INBOUND_MAILS_DECIDE = "staff:inbound-mails:decide"  # let a held mail in, or reject it
    STAFF_ANNOUNCEMENTS_READ = "staff:announcements:read"
    STAFF_ANNOUNCEMENTS_EDIT = "staff:announcements:edit"  # and send them
    STAFF_TICKET_TYPES_READ = "staff:ticket-types:read"
    STAFF_TICKET_TYPES_EDIT = "staff:ticket-types:edit"
    STAFF_DEPARTMENTS_READ = "staff:departments:read"
    STAFF_DEPARTMENTS_EDIT = "staff:departments:edit"
    STAFF_STAFF_READ = "staff:staff:read"
    STAFF_STAFF_EDIT = "staff:staff:edit"
    STAFF_DATA_REQUESTS_READ = "staff:data-requests:read"  # what people ask about their own data
    STAFF_DATA_REQUESTS_DECIDE = "staff:data-requests:decide"  # refuse it, or carry it out
    STAFF_AUDIT_READ = "staff:audit:read"  # the whole log, with what belongs to no account
    STAFF_JOBS_READ = "staff:jobs:read"
    STAFF_JOBS_RETRY = "staff:jobs:retry"
    STAFF_DELIVERIES_READ = "staff:deliveries:read"  # what was mailed to whom, never the texts
    STAFF_DELIVERIES_RETRY = "staff:deliveries:retry"
    STAFF_SETTINGS_READ = "staff:settings:read"
    STAFF_SETTINGS_EDIT = "staff:settings:edit"

    @property
    def staff_only(self) -> bool:
        return self.value.startswith("staff:")

    @property
    def noun(self) -> str:
        return self.value.split(":")[-2]

    @property
    def verb(self) -> str:
        return self.value.split(":")[-1]


class MemberRole(StrEnum):
    """What a member of an account may be given. A member may hold several, or none."""

    OWNER = "owner"
    BILLING = "billing"
    PAYMENTS = "payments"
    LICENSES = "licenses"
    LICENSES_EDIT = "licenses_edit"
    SUBSCRIPTIONS = "subscriptions"
    SUBSCRIPTIONS_EDIT = "subscriptions_edit"
    SUPPORT_CHAT = "support_chat"
    TICKETS = "tickets"
    RELEASE_MANAGER = "release_manager"


class StaffRole(StrEnum):
    """The provider's own people hold exactly one."""

    ADMINISTRATOR = "administrator"
    BILLING = "billing"
    SALES = "sales"
    SUPPORT_AGENT = "support_agent"
    AUDITOR = "auditor"


_BILLING = frozenset({P.INVOICES_READ, P.CREDIT_NOTES_READ, P.STATEMENTS_READ})
_LICENSES = frozenset({P.LICENSES_READ, P.CLIENT_APP_REPORT_READ})  # the history of a license is part of it

MEMBER_GRANTS: Mapping[MemberRole, frozenset[P]] = MappingProxyType(
    {
        MemberRole.OWNER: frozenset(permission for permission in P if not permission.staff_only),
        MemberRole.BILLING: _BILLING,
        MemberRole.PAYMENTS: _BILLING | {P.PAYMENTS_READ, P.INVOICES_PAY},
        MemberRole.LICENSES: _LICENSES,
        MemberRole.LICENSES_EDIT: _LICENSES | {P.LICENSES_EDIT, P.LICENSES_RESET},
        MemberRole.SUBSCRIPTIONS: frozenset({P.SUBSCRIPTIONS_READ}),
        MemberRole.SUBSCRIPTIONS_EDIT: frozenset({P.SUBSCRIPTIONS_READ, P.SUBSCRIPTIONS_EDIT}),
        MemberRole.SUPPORT_CHAT: frozenset({P.CHAT_USE}),
        MemberRole.TICKETS: frozenset({P.TICKETS_READ, P.TICKETS_WRITE}),
        MemberRole.RELEASE_MANAGER: frozenset({P.RELEASES_READ}),
    }
)

STAFF_GRANTS: Mapping[StaffRole, frozenset[P]] = MappingProxyType(
    {
        StaffRole.ADMINISTRATOR: frozenset(P),
        StaffRole.BILLING: frozenset(
            {
                P.ACCOUNTS_READ,  # money is recorded against an account, so its record has to open
                P.INVOICES_READ,
                P.INVOICES_PAY,
                P.CREDIT_NOTES_READ,
                P.STATEMENTS_READ,
                P.PAYMENTS_READ,
                P.PAYMENT_METHODS_READ,
                P.FUNDS_ADD,
                P.ORDERS_READ,
                P.STAFF_INVOICES_ISSUE,
                P.STAFF_INVOICES_EDIT,
                P.STAFF_INVOICES_VOID,
                P.STAFF_CREDIT_NOTES_ISSUE,
                P.STAFF_PAYMENTS_RECORD,
                P.STAFF_PAYMENTS_REFUND,
                P.STAFF_CREDIT_GIVE,
                P.STAFF_CREDIT_LIMITS_SET,
                P.STAFF_BOOKS_READ,
                P.STAFF_BOOKS_CLOSE,
                P.STAFF_TAX_RULES_READ,
                P.STAFF_TAX_RULES_EDIT,
                P.STAFF_GATEWAYS_READ,
            }
        ),
        StaffRole.SALES: frozenset(
            {
                P.ACCOUNTS_READ,
                P.STAFF_ACCOUNTS_CREATE,
                P.STAFF_ACCOUNTS_EDIT,
                P.PROSPECTS_READ,
                P.PROSPECTS_EDIT,
                P.ORDERS_READ,
                P.ORDERS_CREATE,
                P.FINANCING_READ,
                P.STAFF_FINANCING_DECIDE,
                P.STAFF_CATALOGUE_READ,
            }
        ),
        StaffRole.SUPPORT_AGENT: frozenset(
            {
                P.ACCOUNTS_READ,
                P.STAFF_ACCOUNTS_ENTER,
                P.MEMBERS_READ,
                P.SUBSCRIPTIONS_READ,
                P.LICENSES_READ,
                P.CLIENT_APP_REPORT_READ,
                P.LICENSES_RESET,
                P.TICKETS_READ,
                P.TICKETS_WRITE,
                P.CHAT_USE,
                P.STAFF_TICKETS_WORK,
                P.STAFF_INBOUND_MAILS_READ,
                P.STAFF_INBOUND_MAILS_DECIDE,
                P.STAFF_ANNOUNCEMENTS_READ,
                P.STAFF_ANNOUNCEMENTS_EDIT,
                P.STAFF_LICENSES_GRANT_RESETS,
                P.STAFF_TICKET_TYPES_READ,
                P.STAFF_DEPARTMENTS_READ,
            }
        ),
        StaffRole.AUDITOR: frozenset(permission for permission in P if permission.verb == "read"),
    }
)


SEAT_GRANTS = frozenset({P.NOTIFICATIONS_READ, P.RESOURCES_READ})
"""What every live seat holds, with or without roles: what one was told, and help (docs/decisions 0013, 0014)."""


def grants_of_member(roles: Iterable[MemberRole | str]) -> frozenset[P]:
    """Join what the seat and the roles grant. An unknown role is a ValueError, never an empty grant."""
    granted = SEAT_GRANTS
    for role in roles:
        granted |= MEMBER_GRANTS[MemberRole(role)]
    return granted


def grants_of_staff(role: StaffRole | str) -> frozenset[P]:
    """What a staff role grants. An unknown role is a ValueError."""
    return STAFF_GRANTS[StaffRole(role)]


OUT_OF_REACH_LOGGED_IN_AS = frozenset(
    {
        P.MEMBERS_CREATE,  # an invitation is a way in, to an address that staff would choose
        P.MEMBERS_EDIT,  # with the pay limit
        P.MEMBERS_DELETE,
        P.MEMBERS_ENABLE,
        P.MEMBERS_GRANT,
        P.MEMBERS_RESET,
        P.OWNERSHIP_MOVE,
        P.INVOICES_PAY,
        P.PAYMENTS_APPROVE,
        P.PAYMENT_METHODS_EDIT,
        P.FUNDS_ADD,
        P.ORDERS_CREATE,
        P.FINANCING_REQUEST,
        P.TRANSFERS_MAKE,
        P.LOGINS_AS_DECIDE,
    }
)
"""What staff who are logged in as a member never get, whatever the member holds (SPEC C5).

Access and money: passwords, factors, e-mail addresses, roles, ownership, payments, what leads to one, moving items, and
the consent to log in. Staff may do some of it under their own name, in the back office.
"""


def grants_logged_in_as(roles: Iterable[MemberRole | str]) -> frozenset[P]:
    """What staff get who are logged in as a member with these roles."""
    return grants_of_member(roles) - OUT_OF_REACH_LOGGED_IN_AS


def grants_in_preview(roles: Iterable[MemberRole | str], previewer: frozenset[P]) -> frozenset[P]:
    """What these roles would show to somebody who holds ``previewer`` already: never more than that."""
    return grants_of_member(roles) & previewer
