"""Tables. Importing this package makes the metadata complete; every model can be had from here."""

# people, access, support
from models.account import (
    Account,
    AccountAncestor,
    AccountStatus,
    PaymentMode,
    PreferredPaymentMethod,
    PricingModel,
    SuspensionCause,
)
from models.approval import OwnershipChange, OwnershipChangeStatus, PayApproval, PayApprovalStatus
from models.audit import AuditChain, AuditEvent
from models.chat import ChatMessage, ChatSession, ChatStatus
from models.discussion import Discussion, Message, MessageAttachment, MessageCc
from models.file import File
from models.identity import AccessToken, PhoneVerification, PhoneVerificationPurpose, SocialIdentity, TelegramBinding
from models.job import ClockSlot, Job, JobState
from models.login_as import LoginAsEnd, LoginAsSession, LoginConsent, LoginConsentStatus
from models.member import Interest, Member, MemberInterest, MemberInvitation, MemberRoleGrant, MemberStatus, MemberType
from models.notification import (
    DeliveryState,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    NotificationPreference,
    NotificationRead,
)
from models.person import Person, PersonKind, PhoneState
from models.policy import (
    DataRequest,
    DataRequestKind,
    DataRequestStatus,
    DataRequestStep,
    Decision,
    Policy,
    PolicyDecision,
    PolicyVersion,
    StepDecision,
)
from models.saved_view import SavedView
from models.second_factor import Passkey, RecoveryCode, TotpFactor
from models.service_level import BusinessHours, SlaPolicy
from models.setting import Setting
from models.sign_in import (
    AllowedNetwork,
    KnownDevice,
    PasswordReset,
    PasswordResetKind,
    SessionEnd,
    SignInAttempt,
    SignInDoor,
    SignInSession,
)
from models.staff import Department, StaffDepartment, StaffMember, StaffStatus
from models.support_desk import (
    Announcement,
    AnnouncementAccount,
    AnnouncementKind,
    InboundMail,
    InboundOutcome,
    ReadyAnswer,
)
from models.ticket import MessageSource, ParticipantPart, Ticket, TicketParticipant, TicketPresence, TicketStatus
from models.ticket_type import Project, TicketField, TicketFieldKind, TicketPriority, TicketType
from models.triggers import APPEND_ONLY
from models.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "APPEND_ONLY",
    "AccessToken",
    "Account",
    "AccountAncestor",
    "AccountStatus",
    "AllowedNetwork",
    "Announcement",
    "AnnouncementAccount",
    "AnnouncementKind",
    "AuditChain",
    "AuditEvent",
    "BusinessHours",
    "ChatMessage",
    "ChatSession",
    "ChatStatus",
    "ClockSlot",
    "DataRequest",
    "DataRequestKind",
    "DataRequestStatus",
    "DataRequestStep",
    "Decision",
    "DeliveryState",
    "Department",
    "Discussion",
    "File",
    "InboundMail",
    "InboundOutcome",
    "Interest",
    "Job",
    "JobState",
    "KnownDevice",
    "LoginAsEnd",
    "LoginAsSession",
    "LoginConsent",
    "LoginConsentStatus",
    "Member",
    "MemberInterest",
    "MemberInvitation",
    "MemberRoleGrant",
    "MemberStatus",
    "MemberType",
    "Message",
    "MessageAttachment",
    "MessageCc",
    "MessageSource",
    "Notification",
    "NotificationChannel",
    "NotificationDelivery",
    "NotificationKind",
    "NotificationPreference",
    "NotificationRead",
    "OwnershipChange",
    "OwnershipChangeStatus",
    "ParticipantPart",
    "Passkey",
    "PasswordReset",
    "PasswordResetKind",
    "PayApproval",
    "PayApprovalStatus",
    "PaymentMode",
    "Person",
    "PersonKind",
    "PhoneState",
    "PhoneVerification",
    "PhoneVerificationPurpose",
    "Policy",
    "PolicyDecision",
    "PolicyVersion",
    "PreferredPaymentMethod",
    "PricingModel",
    "Project",
    "ReadyAnswer",
    "RecoveryCode",
    "SavedView",
    "SessionEnd",
    "Setting",
    "SignInAttempt",
    "SignInDoor",
    "SignInSession",
    "SlaPolicy",
    "SocialIdentity",
    "StaffDepartment",
    "StaffMember",
    "StaffStatus",
    "StepDecision",
    "SuspensionCause",
    "TelegramBinding",
    "Ticket",
    "TicketField",
    "TicketFieldKind",
    "TicketParticipant",
    "TicketPresence",
    "TicketPriority",
    "TicketStatus",
    "TicketType",
    "TotpFactor",
    "WebhookDelivery",
    "WebhookEndpoint",
]
