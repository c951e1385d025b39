"""The audit's vocabulary: every event that may be recorded, with the words a timeline shows for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class UnknownAuditEvent(LookupError):
    """An event nobody declared: a mistake of the programmer's, never of the user's."""


# What the forms of the generator do to a record, for every noun that may be saved by one.
_SAVED_NOUNS: Final = (
    "account",
    "announcement",
    "app_change",
    "approval",
    "attachment",
    "chat",
    "client_app_change",
    "credit_note",
    "department",
    "discussion",
    "gateway",
    "interest",
    "invoice",
    "invoice_line",
    "job",
    "ledger_entry",
    "license",
    "license_item",
    "mail",
    "member",
    "message",
    "notification",
    "order",
    "order_line",
    "package",
    "package_item",
    "payment",
    "payment_method",
    "person",
    "policy",
    "price",
    "product",
    "prospect",
    "ready_answer",
    "release",
    "resource",
    "role",
    "setting",
    "staff_member",
    "subscription",
    "subscription_item",
    "tax_rule",
    "ticket",
    "ticket_type",
    "token",
    "webhook",
)
_SAVED_VERBS: Final = {"created": "Created", "edited": "Changed", "deleted": "Deleted"}


class AuditEvent(StrEnum):
    """What happened beyond a plain save: ``noun.verb_past``."""

    # Signing in
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    PERSON_SIGN_IN_FAILED = "person.sign_in_failed"
    PERSON_SIGN_IN_PAUSED = "person.sign_in_paused"
    PERSON_PASSWORD_CHANGED = "person.password_changed"
    PERSON_PASSWORD_RESET_REQUESTED = "person.password_reset_requested"
    PERSON_PASSWORD_RESET = "person.password_reset"
    PERSON_TWO_STEP_ENABLED = "person.two_step_enabled"
    PERSON_TWO_STEP_DISABLED = "person.two_step_disabled"
    PERSON_TWO_STEP_RESET = "person.two_step_reset"
    PERSON_RECOVERY_CODE_USED = "person.recovery_code_used"
    PERSON_PASSKEY_ADDED = "person.passkey_added"
    PERSON_PASSKEY_REMOVED = "person.passkey_removed"
    PERSON_EMAIL_CHANGED = "person.email_changed"
    PERSON_PHONE_VERIFIED = "person.phone_verified"
    PERSON_PHONE_REMOVED = "person.phone_removed"
    PERSON_IDENTITY_BOUND = "person.identity_bound"
    PERSON_IDENTITY_UNBOUND = "person.identity_unbound"
    PERSON_NETWORKS_CHANGED = "person.networks_changed"
    PERSON_POLICY_DECIDED = "person.policy_decided"
    PERSON_DATA_EXPORTED = "person.data_exported"
    PERSON_DATA_REPLACED = "person.data_replaced"
    SESSION_ENDED = "session.ended"

    # Accounts and members
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_REACTIVATED = "account.reactivated"
    ACCOUNT_DELETION_STARTED = "account.deletion_started"
    ACCOUNT_DELETION_UNDONE = "account.deletion_undone"
    ACCOUNT_ENTERED = "account.entered"
    ACCOUNT_LEFT = "account.left"
    ACCOUNT_OWNERSHIP_MOVED = "account.ownership_moved"
    ACCOUNT_PAYMENT_MODE_CHANGED = "account.payment_mode_changed"
    ACCOUNT_CREDIT_LIMIT_CHANGED = "account.credit_limit_changed"
    ACCOUNT_CREDIT_GIVEN = "account.credit_given"
    ACCOUNT_CREDIT_TAKEN_BACK = "account.credit_taken_back"
    ACCOUNT_FUNDS_ADDED = "account.funds_added"
    ACCOUNT_NETWORKS_CHANGED = "account.networks_changed"
    ACCOUNT_IMPORTED = "account.imported"
    MEMBER_INVITED = "member.invited"
    MEMBER_INVITATION_WITHDRAWN = "member.invitation_withdrawn"
    MEMBER_INVITATION_ACCEPTED = "member.invitation_accepted"
    MEMBER_ENABLED = "member.enabled"
    MEMBER_DISABLED = "member.disabled"
    MEMBER_ROLES_CHANGED = "member.roles_changed"
    MEMBER_PASSWORD_RESET = "member.password_reset"
    MEMBER_TWO_STEP_RESET = "member.two_step_reset"
    MEMBER_PAY_LIMIT_CHANGED = "member.pay_limit_changed"
    MEMBER_IMPORTED = "member.imported"
    STAFF_MEMBER_ROLE_CHANGED = "staff_member.role_changed"
    STAFF_MEMBER_DISABLED = "staff_member.disabled"
    STAFF_MEMBER_ENABLED = "staff_member.enabled"

    # Money
    ORDER_PLACED = "order.placed"
    ORDER_FULFILLED = "order.fulfilled"
    ORDER_CANCELLED = "order.cancelled"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PAID = "invoice.paid"
    INVOICE_PARTIALLY_PAID = "invoice.partially_paid"
    INVOICE_VOIDED = "invoice.voided"
    INVOICE_IMPORTED = "invoice.imported"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    PAYMENT_STARTED = "payment.started"
    PAYMENT_SETTLED = "payment.settled"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_RECORDED = "payment.recorded"
    PAYMENT_ALLOCATED = "payment.allocated"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_IMPORTED = "payment.imported"
    PAYMENT_METHOD_ADDED = "payment_method.added"
    PAYMENT_METHOD_REMOVED = "payment_method.removed"
    PAYMENT_METHOD_MADE_DEFAULT = "payment_method.made_default"
    BOOKS_CLOSED = "books.closed"

    # What the account has
    SUBSCRIPTION_STARTED = "subscription.started"
    SUBSCRIPTION_RENEWED = "subscription.renewed"
    SUBSCRIPTION_QUANTITIES_CHANGED = "subscription.quantities_changed"
    SUBSCRIPTION_PACKAGE_CHANGED = "subscription.package_changed"
    SUBSCRIPTION_REFERENCE_CHANGED = "subscription.reference_changed"
    SUBSCRIPTION_EXPIRED = "subscription.expired"
    SUBSCRIPTION_SUSPENDED = "subscription.suspended"
    SUBSCRIPTION_REACTIVATED = "subscription.reactivated"
    SUBSCRIPTION_TERMINATED = "subscription.terminated"
    SUBSCRIPTION_IMPORTED = "subscription.imported"
    LICENSE_ISSUED = "license.issued"
    LICENSE_ACTIVATED = "license.activated"
    LICENSE_HARDWARE_LOCK_RESET = "license.hardware_lock_reset"
    LICENSE_RESETS_GRANTED = "license.resets_granted"
    LICENSE_ITEMS_TRANSFERRED_OUT = "license.items_transferred_out"
    LICENSE_ITEMS_TRANSFERRED_IN = "license.items_transferred_in"
    LICENSE_TRANSFER_UNDONE = "license.transfer_undone"
    LICENSE_EDITIONS_CHANGED = "license.editions_changed"
    LICENSE_SUSPENDED = "license.suspended"
    LICENSE_TERMINATED = "license.terminated"
    LICENSE_IMPORTED = "license.imported"
    PROSPECT_RESERVED = "prospect.reserved"
    PROSPECT_EXTENDED = "prospect.extended"
    PROSPECT_RELEASED = "prospect.released"

    # Help
    TICKET_OPENED = "ticket.opened"
    TICKET_ANSWERED = "ticket.answered"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_SOLVED = "ticket.solved"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_ARCHIVED = "ticket.archived"
    TICKET_MERGED = "ticket.merged"

    # Across records
    LIST_EXPORTED = "list.exported"
    DATA_IMPORTED = "data.imported"
    SETTINGS_CHANGED = "settings.changed"


_SENTENCES: Final[Mapping[AuditEvent, str]] = {
    AuditEvent.PERSON_SIGNED_IN: "Signed in",
    AuditEvent.PERSON_SIGNED_OUT: "Signed out",
    AuditEvent.PERSON_SIGN_IN_FAILED: "Tried to sign in and failed",
    AuditEvent.PERSON_SIGN_IN_PAUSED: "Tried to sign in too often and has to wait",
    AuditEvent.PERSON_PASSWORD_CHANGED: "Changed the password",
    AuditEvent.PERSON_PASSWORD_RESET_REQUESTED: "Asked for a link to reset the password",
    AuditEvent.PERSON_PASSWORD_RESET: "Reset the password",
    AuditEvent.PERSON_TWO_STEP_ENABLED: "Switched two-step verification on",
    AuditEvent.PERSON_TWO_STEP_DISABLED: "Switched two-step verification off",
    AuditEvent.PERSON_TWO_STEP_RESET: "Reset two-step verification",
    AuditEvent.PERSON_RECOVERY_CODE_USED: "Used a recovery code",
    AuditEvent.PERSON_PASSKEY_ADDED: "Added a passkey",
    AuditEvent.PERSON_PASSKEY_REMOVED: "Removed a passkey",
    AuditEvent.PERSON_EMAIL_CHANGED: "Changed the sign-in e-mail address",
    AuditEvent.PERSON_PHONE_VERIFIED: "Verified the phone number",
    AuditEvent.PERSON_PHONE_REMOVED: "Removed the phone number",
    AuditEvent.PERSON_IDENTITY_BOUND: "Connected a social sign-in",
    AuditEvent.PERSON_IDENTITY_UNBOUND: "Disconnected a social sign-in",
    AuditEvent.PERSON_NETWORKS_CHANGED: "Changed the addresses one may sign in from",
    AuditEvent.PERSON_POLICY_DECIDED: "Decided on a policy",
    AuditEvent.PERSON_DATA_EXPORTED: "Exported personal data",
    AuditEvent.PERSON_DATA_REPLACED: "Replaced personal data",
    AuditEvent.SESSION_ENDED: "Ended a session",
    AuditEvent.ACCOUNT_SUSPENDED: "Suspended the account",
    AuditEvent.ACCOUNT_REACTIVATED: "Reactivated the account",
    AuditEvent.ACCOUNT_DELETION_STARTED: "Suspended the account for deletion",
    AuditEvent.ACCOUNT_DELETION_UNDONE: "Undid the deletion of the account",
    AuditEvent.ACCOUNT_ENTERED: "Logged in as a member of the account",
    AuditEvent.ACCOUNT_LEFT: "Ended the visit as a member of the account",
    AuditEvent.ACCOUNT_OWNERSHIP_MOVED: "Moved the ownership of the account",
    AuditEvent.ACCOUNT_PAYMENT_MODE_CHANGED: "Changed the payment mode",
    AuditEvent.ACCOUNT_CREDIT_LIMIT_CHANGED: "Changed the credit limit",
    AuditEvent.ACCOUNT_CREDIT_GIVEN: "Gave credit",
    AuditEvent.ACCOUNT_CREDIT_TAKEN_BACK: "Took credit back",
    AuditEvent.ACCOUNT_FUNDS_ADDED: "Added funds",
    AuditEvent.ACCOUNT_NETWORKS_CHANGED: "Changed the addresses the account may be used from",
    AuditEvent.ACCOUNT_IMPORTED: "Imported the account",
    AuditEvent.MEMBER_INVITED: "Invited the member",
    AuditEvent.MEMBER_INVITATION_WITHDRAWN: "Withdrew the invitation",
    AuditEvent.MEMBER_INVITATION_ACCEPTED: "Accepted the invitation",
    AuditEvent.MEMBER_ENABLED: "Enabled the member",
    AuditEvent.MEMBER_DISABLED: "Disabled the member",
    AuditEvent.MEMBER_ROLES_CHANGED: "Changed the member's roles",
    AuditEvent.MEMBER_PASSWORD_RESET: "Reset the member's password",
    AuditEvent.MEMBER_TWO_STEP_RESET: "Reset the member's two-step verification",
    AuditEvent.MEMBER_PAY_LIMIT_CHANGED: "Changed the member's pay limit",
    AuditEvent.MEMBER_IMPORTED: "Imported the member",
    AuditEvent.STAFF_MEMBER_ROLE_CHANGED: "Changed the staff member's role",
    AuditEvent.STAFF_MEMBER_DISABLED: "Disabled the staff member",
    AuditEvent.STAFF_MEMBER_ENABLED: "Enabled the staff member",
    AuditEvent.ORDER_PLACED: "Placed the order",
    AuditEvent.ORDER_FULFILLED: "Fulfilled the order",
    AuditEvent.ORDER_CANCELLED: "Cancelled the order",
    AuditEvent.INVOICE_ISSUED: "Issued the invoice",
    AuditEvent.INVOICE_PAID: "Paid the invoice",
    AuditEvent.INVOICE_PARTIALLY_PAID: "Paid a part of the invoice",
    AuditEvent.INVOICE_VOIDED: "Voided the invoice",
    AuditEvent.INVOICE_IMPORTED: "Imported the invoice",
    AuditEvent.CREDIT_NOTE_ISSUED: "Issued the credit note",
    AuditEvent.PAYMENT_STARTED: "Started the payment",
    AuditEvent.PAYMENT_SETTLED: "Settled the payment",
    AuditEvent.PAYMENT_FAILED: "The payment failed",
    AuditEvent.PAYMENT_RECORDED: "Recorded a received payment",
    AuditEvent.PAYMENT_ALLOCATED: "Allocated the payment",
    AuditEvent.PAYMENT_REFUNDED: "Refunded the payment",
    AuditEvent.PAYMENT_IMPORTED: "Imported the payment",
    AuditEvent.PAYMENT_METHOD_ADDED: "Added the payment method",
    AuditEvent.PAYMENT_METHOD_REMOVED: "Removed the payment method",
    AuditEvent.PAYMENT_METHOD_MADE_DEFAULT: "Made the payment method the default",
    AuditEvent.BOOKS_CLOSED: "Closed the month",
    AuditEvent.SUBSCRIPTION_STARTED: "Started the subscription",
    AuditEvent.SUBSCRIPTION_RENEWED: "Renewed the subscription",
    AuditEvent.SUBSCRIPTION_QUANTITIES_CHANGED: "Changed quantities",
    AuditEvent.SUBSCRIPTION_PACKAGE_CHANGED: "Changed the package",
    AuditEvent.SUBSCRIPTION_REFERENCE_CHANGED: "Updated the reference",
    AuditEvent.SUBSCRIPTION_EXPIRED: "The subscription expired",
    AuditEvent.SUBSCRIPTION_SUSPENDED: "Suspended the subscription",
    AuditEvent.SUBSCRIPTION_REACTIVATED: "Reactivated the subscription",
    AuditEvent.SUBSCRIPTION_TERMINATED: "Terminated the subscription",
    AuditEvent.SUBSCRIPTION_IMPORTED: "Imported the subscription",
    AuditEvent.LICENSE_ISSUED: "Issued the license",
    AuditEvent.LICENSE_ACTIVATED: "Activated the license on a device",
    AuditEvent.LICENSE_HARDWARE_LOCK_RESET: "Reset the MAC and IP address",
    AuditEvent.LICENSE_RESETS_GRANTED: "Granted more resets",
    AuditEvent.LICENSE_ITEMS_TRANSFERRED_OUT: "Transferred items to another license",
    AuditEvent.LICENSE_ITEMS_TRANSFERRED_IN: "Received items from another license",
    AuditEvent.LICENSE_TRANSFER_UNDONE: "Undid a transfer of items",
    AuditEvent.LICENSE_EDITIONS_CHANGED: "Changed the editions",
    AuditEvent.LICENSE_SUSPENDED: "Suspended the license",
    AuditEvent.LICENSE_TERMINATED: "Terminated the license",
    AuditEvent.LICENSE_IMPORTED: "Imported the license",
    AuditEvent.PROSPECT_RESERVED: "Reserved the prospect",
    AuditEvent.PROSPECT_EXTENDED: "Extended the reservation",
    AuditEvent.PROSPECT_RELEASED: "Released the reservation",
    AuditEvent.TICKET_OPENED: "Opened the ticket",
    AuditEvent.TICKET_ANSWERED: "Answered the ticket",
    AuditEvent.TICKET_ASSIGNED: "Assigned the ticket",
    AuditEvent.TICKET_SOLVED: "Solved the ticket",
    AuditEvent.TICKET_REOPENED: "Reopened the ticket",
    AuditEvent.TICKET_ARCHIVED: "Archived the ticket",
    AuditEvent.TICKET_MERGED: "Merged the ticket",
    AuditEvent.LIST_EXPORTED: "Downloaded a list",
    AuditEvent.DATA_IMPORTED: "Imported data",
    AuditEvent.SETTINGS_CHANGED: "Changed settings",
}


def _vocabulary() -> Mapping[str, str]:
    saves = {
        f"{noun}.{verb}": f"{sentence} the {noun.replace('_', ' ')}"
        for noun in _SAVED_NOUNS
        for verb, sentence in _SAVED_VERBS.items()
    }
    return MappingProxyType({**saves, **{event.value: sentence for event, sentence in _SENTENCES.items()}})


SENTENCES: Final[Mapping[str, str]] = _vocabulary()
"""Every event name with its sentence, as a timeline shows it after the actor's name."""


def known_event(event: str) -> str:
    """Give the name back when it is declared; UnknownAuditEvent otherwise."""
    if event not in SENTENCES:
        raise UnknownAuditEvent(f"{event!r} is not declared in domain/audit.py")
    return str(event)


def saved_event(noun: str, verb: str) -> str:
    """The event of a plain save: ``saved_event("license", "edited")``. Verbs: created, edited, deleted."""
    if verb not in _SAVED_VERBS:
        raise UnknownAuditEvent(f"{verb!r} is no save: use {', '.join(_SAVED_VERBS)}")
    return known_event(f"{noun}.{verb}")


def sentence_of(event: str) -> str:
    """What a timeline shows for an event."""
    return SENTENCES[known_event(event)]
