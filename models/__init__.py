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

# money, services, catalogue
from models.credit import CreditLimit, CreditLimitKind, CreditReservation, ReservationStatus, UnbilledCharge
from models.credit_note import CreditNote, CreditNoteLine, CreditReason
from models.discussion import Discussion, Message, MessageAttachment, MessageCc
from models.document_file import DeliveryLink, DocumentFile, DocumentKind
from models.dunning_step import DunningKind, DunningStep
from models.file import File
from models.financing import FinancingOption, FinancingRequest, FinancingStatus
from models.gateway_event import GatewayEvent, GatewayEventStatus
from models.identity import AccessToken, PhoneVerification, PhoneVerificationPurpose, SocialIdentity, TelegramBinding
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.item_transfer import ItemTransfer, ItemTransferLine, TransferDirection
from models.job import ClockSlot, Job, JobState
from models.ledger import LedgerAccount, LedgerEntry, LedgerPosting
from models.license import (
    HardwareReset,
    License,
    LicenseActivation,
    LicenseAttempt,
    LicenseItem,
    LicenseStatus,
)
from models.license_change import LicenseChange
from models.license_kind import LicenseDuration, LicenseKind
from models.login_as import LoginAsEnd, LoginAsSession, LoginConsent, LoginConsentStatus
from models.member import Interest, Member, MemberInterest, MemberInvitation, MemberRoleGrant, MemberStatus, MemberType
from models.member_preview import MemberPreview
from models.month_close import MonthClose
from models.notification import (
    DeliveryState,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    NotificationPreference,
    NotificationRead,
)
from models.number_series import NumberedKind, NumberSeries
from models.order import Order, OrderKind, OrderLine, OrderStatus
from models.package import Package, PackageItem
from models.payment import (
    AttemptOutcome,
    Payment,
    PaymentAllocation,
    PaymentAttempt,
    PaymentKind,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from models.payment_claim import PaymentClaim
from models.payment_method import AutoTopUp, PaymentMethod, PaymentMethodKind, PaymentMethodStatus
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
from models.price import BillingPeriod, Price
from models.product import CatalogueStatus, Edition, Product, ProductKind
from models.prospect import Prospect
from models.release import Download, Release, ReleaseFile
from models.resource_article import ArticleKind, ResourceArticle
from models.saved_view import SavedView
from models.second_factor import Passkey, PasskeyChallenge, PasskeyPurpose, RecoveryCode, TotpFactor
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
from models.statement_line import StatementKind, StatementLine
from models.subscription import (
    Subscription,
    SubscriptionChange,
    SubscriptionChangeKind,
    SubscriptionItem,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from models.support_desk import (
    Announcement,
    AnnouncementAccount,
    AnnouncementKind,
    InboundDay,
    InboundMail,
    InboundOutcome,
    Macro,
    MacroStatus,
    ReadyAnswer,
)
from models.tax import ProductClass, TaxRule
from models.telegram import DialogueStep, TelegramDialogue, TelegramFile, TelegramPoller, TelegramUpdate
from models.ticket import (
    MessageSource,
    ParticipantPart,
    Ticket,
    TicketParticipant,
    TicketPresence,
    TicketSeen,
    TicketStatus,
)
from models.ticket_text import TicketText
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
    "ArticleKind",
    "AttemptOutcome",
    "AuditChain",
    "AuditEvent",
    "AutoTopUp",
    "BillingPeriod",
    "BusinessHours",
    "CatalogueStatus",
    "ChatMessage",
    "ChatSession",
    "ChatStatus",
    "ClockSlot",
    "CreditLimit",
    "CreditLimitKind",
    "CreditNote",
    "CreditNoteLine",
    "CreditReason",
    "CreditReservation",
    "DataRequest",
    "DataRequestKind",
    "DataRequestStatus",
    "DataRequestStep",
    "Decision",
    "DeliveryLink",
    "DeliveryState",
    "Department",
    "DialogueStep",
    "Discussion",
    "DocumentFile",
    "DocumentKind",
    "Download",
    "DunningKind",
    "DunningStep",
    "Edition",
    "File",
    "FinancingOption",
    "FinancingRequest",
    "FinancingStatus",
    "GatewayEvent",
    "GatewayEventStatus",
    "HardwareReset",
    "InboundDay",
    "InboundMail",
    "InboundOutcome",
    "Interest",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "ItemTransfer",
    "ItemTransferLine",
    "Job",
    "JobState",
    "KnownDevice",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerPosting",
    "License",
    "LicenseActivation",
    "LicenseAttempt",
    "LicenseChange",
    "LicenseDuration",
    "LicenseItem",
    "LicenseKind",
    "LicenseStatus",
    "LoginAsEnd",
    "LoginAsSession",
    "LoginConsent",
    "LoginConsentStatus",
    "Macro",
    "MacroStatus",
    "Member",
    "MemberInterest",
    "MemberInvitation",
    "MemberPreview",
    "MemberRoleGrant",
    "MemberStatus",
    "MemberType",
    "Message",
    "MessageAttachment",
    "MessageCc",
    "MessageSource",
    "MonthClose",
    "Notification",
    "NotificationChannel",
    "NotificationDelivery",
    "NotificationKind",
    "NotificationPreference",
    "NotificationRead",
    "NumberSeries",
    "NumberedKind",
    "Order",
    "OrderKind",
    "OrderLine",
    "OrderStatus",
    "OwnershipChange",
    "OwnershipChangeStatus",
    "Package",
    "PackageItem",
    "ParticipantPart",
    "Passkey",
    "PasskeyChallenge",
    "PasskeyPurpose",
    "PasswordReset",
    "PasswordResetKind",
    "PayApproval",
    "PayApprovalStatus",
    "Payment",
    "PaymentAllocation",
    "PaymentAttempt",
    "PaymentClaim",
    "PaymentKind",
    "PaymentMethod",
    "PaymentMethodKind",
    "PaymentMethodStatus",
    "PaymentMode",
    "PaymentStatus",
    "Person",
    "PersonKind",
    "PhoneState",
    "PhoneVerification",
    "PhoneVerificationPurpose",
    "Policy",
    "PolicyDecision",
    "PolicyVersion",
    "PreferredPaymentMethod",
    "Price",
    "PricingModel",
    "Product",
    "ProductClass",
    "ProductKind",
    "Project",
    "Prospect",
    "ReadyAnswer",
    "RecoveryCode",
    "Refund",
    "RefundStatus",
    "Release",
    "ReleaseFile",
    "ReservationStatus",
    "ResourceArticle",
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
    "StatementKind",
    "StatementLine",
    "StepDecision",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionChangeKind",
    "SubscriptionItem",
    "SubscriptionPeriod",
    "SubscriptionStatus",
    "SuspensionCause",
    "TaxRule",
    "TelegramBinding",
    "TelegramDialogue",
    "TelegramFile",
    "TelegramPoller",
    "TelegramUpdate",
    "Ticket",
    "TicketField",
    "TicketFieldKind",
    "TicketParticipant",
    "TicketPresence",
    "TicketPriority",
    "TicketSeen",
    "TicketStatus",
    "TicketText",
    "TicketType",
    "TotpFactor",
    "TransferDirection",
    "UnbilledCharge",
    "WebhookDelivery",
    "WebhookEndpoint",
]
