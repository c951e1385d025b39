"""The audit's vocabulary: every event that may be recorded, with the words a timeline shows for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class UnknownAuditEvent(LookupError):
    """An event nobody declared: a mistake of the programmer's, never of the user's."""


# Tables whose rows are made, changed and deleted by forms. Such a plain save needs no word of its own.
_SAVED_NOUNS: Final = (
    "access_token",
    "account",
    "allowed_network",
    "announcement",
    "auto_top_up",
    "business_hours",
    "credit_limit",
    "credit_note",
    "customer_order",
    "data_request",
    "department",
    "discussion",
    "edition",
    "file",
    "financing_option",
    "financing_request",
    "interest",
    "invoice",
    "invoice_line",
    "job",
    "license",
    "license_item",
    "macro",
    "member",
    "message",
    "notification",
    "number_series",
    "package",
    "package_item",
    "payment",
    "payment_method",
    "person",
    "policy",
    "policy_version",
    "price",
    "product",
    "product_class",
    "project",
    "prospect",
    "ready_answer",
    "release",
    "release_file",
    "resource_article",
    "saved_view",
    "setting",
    "sla_policy",
    "staff_member",
    "subscription",
    "subscription_item",
    "tax_rule",
    "ticket",
    "ticket_field",
    "ticket_type",
    "webhook_endpoint",
)
_SAVED_VERBS: Final = {"created": "Created", "edited": "Changed", "deleted": "Deleted"}


class AuditEvent(StrEnum):
    """What happened beyond a plain save: ``noun.verb_past``, and the words a timeline shows after the actor's name."""

    sentence: str

    def __new__(cls, event: str, sentence: str) -> AuditEvent:
        member = str.__new__(cls, event)
        member._value_ = event
        member.sentence = sentence
        return member

    # Signing in
    PERSON_SIGNED_IN = "person.signed_in", "Signed in"
    PERSON_SIGNED_OUT = "person.signed_out", "Signed out"
    PERSON_SIGN_IN_FAILED = "person.sign_in_failed", "Tried to sign in and failed"
    PERSON_SIGN_IN_REFUSED = "person.sign_in_refused", "Came from a network that is not listed and was refused"
    PERSON_DEVICE_ADDED = "person.device_added", "Signed in from a new device"
    PERSON_DATA_CHECKED = "person.data_checked", "Checked the own data"
    PERSON_PICTURE_CHANGED = "person.picture_changed", "Changed the picture"
    PERSON_PICTURE_REMOVED = "person.picture_removed", "Removed the picture"
    PERSON_SIGN_IN_PAUSED = "person.sign_in_paused", "Tried to sign in too often and has to wait"
    PERSON_PASSWORD_CHANGED = "person.password_changed", "Changed the password"
    PERSON_PASSWORD_RESET_REQUESTED = "person.password_reset_requested", "Asked for a link to reset the password"
    PERSON_PASSWORD_RESET = "person.password_reset", "Reset the password"
    PERSON_TWO_STEP_ENABLED = "person.two_step_enabled", "Switched two-step verification on"
    PERSON_TWO_STEP_DISABLED = "person.two_step_disabled", "Switched two-step verification off"
    PERSON_TWO_STEP_RESET = "person.two_step_reset", "Reset two-step verification"
    PERSON_RECOVERY_CODE_USED = "person.recovery_code_used", "Used a recovery code"
    PERSON_RECOVERY_CODES_MADE = "person.recovery_codes_made", "Made new recovery codes"
    PERSON_PROVED = "person.proved", "Proved again who they are"
    PERSON_PASSKEY_ADDED = "person.passkey_added", "Added a passkey"
    PERSON_PASSKEY_RENAMED = "person.passkey_renamed", "Renamed a passkey"
    PERSON_PASSKEY_REMOVED = "person.passkey_removed", "Removed a passkey"
    PERSON_PASSKEY_REFUSED = "person.passkey_refused", "Was refused: a copy of the passkey seems to exist"
    PERSON_PASSKEY_ONLY_ENABLED = "person.passkey_only_enabled", "Switched signing in by password off"
    PERSON_PASSKEY_ONLY_DISABLED = "person.passkey_only_disabled", "Switched signing in by password on"
    PERSON_EMAIL_CHANGED = "person.email_changed", "Changed the sign-in e-mail address"
    PERSON_PHONE_VERIFIED = "person.phone_verified", "Verified the phone number"
    PERSON_PHONE_REMOVED = "person.phone_removed", "Removed the phone number"
    PERSON_IDENTITY_BOUND = "person.identity_bound", "Connected a social sign-in"
    PERSON_IDENTITY_UNBOUND = "person.identity_unbound", "Disconnected a social sign-in"
    PERSON_TELEGRAM_BOUND = "person.telegram_bound", "Connected a Telegram chat"
    PERSON_TELEGRAM_UNBOUND = "person.telegram_unbound", "Disconnected the Telegram chat"
    MAIL_TESTED = "person.mail_tested", "Tried whether mail arrives"
    GATEWAY_TESTED = "gateway.tested", "Tried whether a payment provider answers"
    PERSON_NETWORKS_CHANGED = "person.networks_changed", "Changed the addresses one may sign in from"
    POLICY_PUBLISHED = "policy.published", "Published a new version of the policy"
    PERSON_POLICY_DECIDED = "person.policy_decided", "Decided on a policy"
    PERSON_DATA_EXPORTED = "person.data_exported", "Exported personal data"
    PERSON_DATA_REPLACED = "person.data_replaced", "Replaced personal data"
    PERSON_DATA_FETCHED = "person.data_fetched", "Fetched the export of personal data"
    DATA_REQUEST_ASKED = "data_request.asked", "Asked about their own data"
    DATA_REQUEST_STARTED = "data_request.started", "Started on the request"
    DATA_REQUEST_STEP_DONE = "data_request.step_done", "Checked off lines of the request"
    DATA_REQUEST_REFUSED = "data_request.refused", "Refused the request"
    DATA_REQUEST_DONE = "data_request.done", "Carried out the request"
    DATA_REQUEST_RESTRICTION_LIFTED = "data_request.restriction_lifted", "Lifted the restriction"
    DATA_REQUEST_WITHDRAWN = "data_request.withdrawn", "Withdrew the request"
    SESSION_ENDED = "session.ended", "Ended a session"

    # Accounts and members
    ACCOUNT_SUSPENDED = "account.suspended", "Suspended the account"
    ACCOUNT_REACTIVATED = "account.reactivated", "Reactivated the account"
    ACCOUNT_DELETION_STARTED = "account.deletion_started", "Suspended the account for deletion"
    ACCOUNT_DELETION_UNDONE = "account.deletion_undone", "Undid the deletion of the account"
    ACCOUNT_ENTERED = "account.entered", "Logged in as a member of the account"
    ACCOUNT_LEFT = "account.left", "Ended the visit as a member of the account"
    ACCOUNT_LOGIN_CONSENT_DEMANDED = "account.login_consent_demanded", "Demanded consent before a login as a member"
    ACCOUNT_LOGIN_CONSENT_WAIVED = "account.login_consent_waived", "Let staff log in as a member without consent"
    OWNERSHIP_CHANGE_PROPOSED = "ownership_change.proposed", "Proposed another owner"
    OWNERSHIP_CHANGE_CONFIRMED = "ownership_change.confirmed", "Confirmed the change of ownership"
    OWNERSHIP_CHANGE_CONFIRMED_FOR_OWNER = (
        "ownership_change.confirmed_for_owner",
        "Confirmed the change of ownership in the owner's place",
    )
    OWNERSHIP_CHANGE_DECLINED = "ownership_change.declined", "Declined the change of ownership"
    OWNERSHIP_CHANGE_WITHDRAWN = "ownership_change.withdrawn", "Withdrew the change of ownership"
    OWNERSHIP_CHANGE_EXPIRED = "ownership_change.expired", "The change of ownership expired"
    ACCOUNT_OWNERSHIP_MOVED = "account.ownership_moved", "Moved the ownership of the account"
    ACCOUNT_PAYMENT_MODE_CHANGED = "account.payment_mode_changed", "Changed the payment mode"
    ACCOUNT_CREDIT_LIMIT_CHANGED = "account.credit_limit_changed", "Changed the credit limit"
    ACCOUNT_CREDIT_GIVEN = "account.credit_given", "Gave credit"
    ACCOUNT_CREDIT_TAKEN_BACK = "account.credit_taken_back", "Took credit back"
    CREDIT_RESERVATION_RESERVED = "credit_reservation.reserved", "Reserved credit"
    CREDIT_RESERVATION_SPENT = "credit_reservation.spent", "Spent the reserved credit"
    CREDIT_RESERVATION_RETURNED = "credit_reservation.returned", "Returned the reserved credit"
    UNBILLED_CHARGE_TAKEN_OFF = "unbilled_charge.taken_off", "Took the charge off the next invoice"
    ACCOUNT_FUNDS_ADDED = "account.funds_added", "Added funds"
    ACCOUNT_NETWORKS_CHANGED = "account.networks_changed", "Changed the addresses the account may be used from"
    ACCOUNT_IMPORTED = "account.imported", "Imported the account"
    MEMBER_INVITED = "member.invited", "Invited the member"
    MEMBER_INVITATION_WITHDRAWN = "member.invitation_withdrawn", "Withdrew the invitation"
    MEMBER_INVITATION_ACCEPTED = "member.invitation_accepted", "Accepted the invitation"
    MEMBER_ENABLED = "member.enabled", "Enabled the member"
    MEMBER_DISABLED = "member.disabled", "Disabled the member"
    MEMBER_ROLES_CHANGED = "member.roles_changed", "Changed the member's roles"
    MEMBER_PASSWORD_RESET = "member.password_reset", "Reset the member's password"
    MEMBER_TWO_STEP_RESET = "member.two_step_reset", "Reset the member's two-step verification"
    MEMBER_PORTAL_ACCESS_GIVEN = "member.portal_access_given", "Switched the member's portal access on"
    MEMBER_PORTAL_ACCESS_TAKEN = "member.portal_access_taken", "Switched the member's portal access off"
    MEMBER_LEFT = "member.left", "Left the account"
    MEMBER_PAY_LIMIT_CHANGED = "member.pay_limit_changed", "Changed the member's pay limit"
    MEMBER_IMPORTED = "member.imported", "Imported the member"
    MEMBER_PREVIEWED = "member.previewed", "Looked at the portal with the roles of the member"
    LOGIN_CONSENT_ASKED = "login_consent.asked", "Asked for consent to log in as a member"
    LOGIN_CONSENT_GIVEN = "login_consent.given", "Gave consent to log in as a member"
    LOGIN_CONSENT_DECLINED = "login_consent.declined", "Declined the login as a member"
    LOGIN_CONSENT_WITHDRAWN = "login_consent.withdrawn", "Withdrew the consent to log in as a member"
    STAFF_MEMBER_ROLE_CHANGED = "staff_member.role_changed", "Changed the staff member's role"
    STAFF_MEMBER_INVITED = "staff_member.invited", "Sent the invitation again"
    STAFF_MEMBER_INVITATION_WITHDRAWN = "staff_member.invitation_withdrawn", "Withdrew the invitation"
    STAFF_MEMBER_DISABLED = "staff_member.disabled", "Disabled the staff member"
    STAFF_MEMBER_ENABLED = "staff_member.enabled", "Enabled the staff member"

    # Money
    ORDER_PLACED = "order.placed", "Placed the order"
    ORDER_FULFILLED = "order.fulfilled", "Fulfilled the order"
    ORDER_CANCELLED = "order.cancelled", "Cancelled the order"
    INVOICE_REMINDED = "invoice.reminded", "Reminded of the invoice"
    INVOICE_ISSUED = "invoice.issued", "Issued the invoice"
    INVOICE_PAID = "invoice.paid", "Paid the invoice"
    INVOICE_PARTIALLY_PAID = "invoice.partially_paid", "Paid a part of the invoice"
    INVOICE_VOIDED = "invoice.voided", "Voided the invoice"
    INVOICE_IMPORTED = "invoice.imported", "Imported the invoice"
    CREDIT_NOTE_ISSUED = "credit_note.issued", "Issued the credit note"
    PAYMENT_STARTED = "payment.started", "Started the payment"
    PAYMENT_SETTLED = "payment.settled", "Settled the payment"
    PAYMENT_FAILED = "payment.failed", "The payment failed"
    PAYMENT_HELD = "payment.held", "Held the payment for staff to look at"
    PAYMENT_RECORDED = "payment.recorded", "Recorded a received payment"
    PAYMENT_ALLOCATED = "payment.allocated", "Allocated the payment"
    PAYMENT_REFUND_STARTED = "payment.refund_started", "Set money aside to send it back"
    PAYMENT_REFUNDED = "payment.refunded", "Refunded the payment"
    PAYMENT_REFUND_FAILED = "payment.refund_failed", "The refund of the payment failed"
    PAYMENT_IMPORTED = "payment.imported", "Imported the payment"
    PAY_APPROVAL_ASKED = "pay_approval.asked", "Asked the owner to let a payment pass"
    PAY_APPROVAL_APPROVED = "pay_approval.approved", "Approved the payment"
    PAY_APPROVAL_DECLINED = "pay_approval.declined", "Declined the payment"
    PAY_APPROVAL_WITHDRAWN = "pay_approval.withdrawn", "Withdrew the question"
    PAY_APPROVAL_USED = "pay_approval.used", "Paid with the approval"
    PAYMENT_METHOD_ADDED = "payment_method.added", "Added the payment method"
    PAYMENT_METHOD_REMOVED = "payment_method.removed", "Removed the payment method"
    PAYMENT_METHOD_EXPIRED = "payment_method.expired", "The payment method expired"
    PAYMENT_METHOD_MADE_DEFAULT = "payment_method.made_default", "Made the payment method the default"
    MONTH_PACK_ASKED = "month_pack.asked", "Asked for a month pack"
    MONTH_PACK_MADE = "month_pack.made", "Made the month pack"
    MONTH_PACK_DOWNLOADED = "month_pack.downloaded", "Downloaded the month pack"
    BOOKS_CLOSED = "books.closed", "Closed the month"

    # What the account has
    SUBSCRIPTION_STARTED = "subscription.started", "Started the subscription"
    SUBSCRIPTION_RENEWED = "subscription.renewed", "Renewed the subscription"
    SUBSCRIPTION_QUANTITIES_CHANGED = "subscription.quantities_changed", "Changed quantities"
    SUBSCRIPTION_PACKAGE_CHANGED = "subscription.package_changed", "Changed the package"
    SUBSCRIPTION_REFERENCE_CHANGED = "subscription.reference_changed", "Updated the reference"
    SUBSCRIPTION_EXPIRED = "subscription.expired", "The subscription expired"
    SUBSCRIPTION_SUSPENDED = "subscription.suspended", "Suspended the subscription"
    SUBSCRIPTION_REACTIVATED = "subscription.reactivated", "Reactivated the subscription"
    SUBSCRIPTION_TERMINATED = "subscription.terminated", "Terminated the subscription"
    SUBSCRIPTION_RENEWAL_CHANGED = "subscription.renewal_changed", "Switched the renewal on or off"
    SUBSCRIPTION_IMPORTED = "subscription.imported", "Imported the subscription"
    LICENSE_ISSUED = "license.issued", "Issued the license"
    LICENSE_ACTIVATED = "license.activated", "Activated the license on a device"
    LICENSE_DEACTIVATED = "license.deactivated", "Gave the activation of a device back"
    LICENSE_IP_CHANGED = "license.ip_changed", "Came from another IP address"
    LICENSE_HARDWARE_LOCK_RESET = "license.hardware_lock_reset", "Reset the MAC and IP address"
    LICENSE_RESETS_GRANTED = "license.resets_granted", "Granted more resets"
    LICENSE_ITEMS_TRANSFERRED_OUT = "license.items_transferred_out", "Transferred items to another license"
    LICENSE_ITEMS_TRANSFERRED_IN = "license.items_transferred_in", "Received items from another license"
    LICENSE_TRANSFER_UNDONE = "license.transfer_undone", "Undid a transfer of items"
    LICENSE_EDITIONS_CHANGED = "license.editions_changed", "Changed the editions"
    LICENSE_SUSPENDED = "license.suspended", "Suspended the license"
    LICENSE_TERMINATED = "license.terminated", "Terminated the license"
    LICENSE_IMPORTED = "license.imported", "Imported the license"
    FINANCING_ASKED = "financing_request.asked", "Asked for financing"
    FINANCING_APPROVED = "financing_request.approved", "Approved the financing"
    FINANCING_DECLINED = "financing_request.declined", "Declined the financing"
    PROSPECT_RESERVED = "prospect.reserved", "Reserved the prospect"
    PROSPECT_EXTENDED = "prospect.extended", "Extended the reservation"
    RELEASE_FILE_ADDED = "release.file_added", "Added a file to the release"
    RELEASE_FILE_REMOVED = "release.file_removed", "Removed a file of the release"
    PROSPECT_EXPIRED = "prospect.expired", "The reservation ran out"
    PROSPECT_RELEASED = "prospect.released", "Released the reservation"

    # Help
    CHAT_STARTED = "chat_session.started", "Started a chat with support"
    CHAT_SAID = "chat_session.said", "Wrote in the chat"
    CHAT_TAKEN = "chat_session.taken", "Took the chat"
    CHAT_CLOSED = "chat_session.closed", "Closed the chat"
    CHAT_BECAME_TICKET = "chat_session.became_ticket", "Turned the chat into a ticket"
    TICKET_OPENED = "ticket.opened", "Opened the ticket"
    TICKET_ANSWERED = "ticket.answered", "Answered the ticket"
    TICKET_NOTED = "ticket.noted", "Wrote an internal note"
    TICKET_ESCALATED = "ticket.escalated", "Escalated the ticket"
    TICKET_ASSIGNED = "ticket.assigned", "Assigned the ticket"
    TICKET_STATUS_SET = "ticket.status_set", "Set the status of the ticket"
    TICKET_SOLVED = "ticket.solved", "Solved the ticket"
    TICKET_REOPENED = "ticket.reopened", "Reopened the ticket"
    TICKET_RATED = "ticket.rated", "Rated the ticket"
    TICKET_RESTORED = "ticket.restored", "Took the ticket out of the archive"
    TICKET_ARCHIVED = "ticket.archived", "Archived the ticket"
    TICKET_MERGED = "ticket.merged", "Merged the ticket"
    ANNOUNCEMENT_SENT = "announcement.sent", "Sent the announcement"
    ANNOUNCEMENT_ACCOUNTS_CHOSEN = "announcement.accounts_chosen", "Chose the accounts of the announcement"
    INBOUND_MAIL_RECEIVED = "inbound_mail.received", "Received the mail"
    INBOUND_MAIL_LET_IN = "inbound_mail.let_in", "Let the mail in"
    INBOUND_MAIL_REJECTED = "inbound_mail.rejected", "Rejected the mail"

    # Across records
    JOB_RETRIED = "job.retried", "Let the job start over"
    NOTIFICATION_DELIVERY_RETRIED = "notification_delivery.retried", "Let the message be sent again"
    PERSON_NOTIFICATIONS_CHOSEN = "person.notifications_chosen", "Chose which notifications to get"
    PERSON_UNSUBSCRIBED = "person.unsubscribed", "Stopped mails of a kind by the link in one"
    JOB_CANCELLED = "job.cancelled", "Cancelled the job"
    LIST_EXPORTED = "list.exported", "Downloaded a list"
    DATA_IMPORTED = "data.imported", "Imported data"
    SETTINGS_CHANGED = "settings.changed", "Changed settings"


def _vocabulary() -> Mapping[str, str]:
    saves = {
        f"{noun}.{verb}": f"{sentence} the {noun.replace('_', ' ')}"
        for noun in _SAVED_NOUNS
        for verb, sentence in _SAVED_VERBS.items()
    }
    return MappingProxyType({**saves, **{event.value: event.sentence for event in AuditEvent}})


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
