"""Every record the house shows, in the order of the menu."""

from __future__ import annotations

from views.accounts import AccountResource
from views.administration import (
    AuditResource,
    DepartmentResource,
    NotificationResource,
    StaffMemberResource,
)
from views.announcements import AnnouncementResource
from views.catalogue import EditionResource, PackageResource, PriceResource, ProductResource, TaxRuleResource
from views.chats import ChatResource
from views.data_requests import DataRequestResource
from views.deliveries import DeliveryResource
from views.documents import CreditNoteResource, OrderResource, StatementResource
from views.financing import FinancingOptionResource, FinancingRequestResource
from views.inbound_mails import InboundMailResource
from views.interests import InterestResource
from views.invoices import InvoiceResource
from views.item_transfers import ItemTransferResource
from views.jobs import JobResource
from views.licenses import ClientAppReportResource, CustomerLicenseResource, LicenseResource
from views.logins_as import LoginAsResource, LoginConsentResource
from views.macros import MacroResource
from views.members import MemberResource, RoleGrantResource
from views.ownership import OwnershipChangeResource
from views.pay_approvals import PayApprovalResource
from views.payments import GatewayEventResource, PaymentMethodResource, PaymentResource
from views.policies import PolicyDecisionResource, PolicyResource
from views.prospects import ProspectResource
from views.releases import ReleaseResource
from views.resource_articles import ResourceArticleResource
from views.service_levels import BusinessHoursResource, SlaPolicyResource
from views.subscriptions import SubscriptionItemResource, SubscriptionResource
from views.ticket_types import ProjectResource, ReadyAnswerResource, TicketFieldResource, TicketTypeResource
from views.tickets import TicketResource

GROUPS = ("Customers", "Services", "Money", "Support", "Catalogue", "Administration")

RESOURCES = (
    AccountResource,
    MemberResource,
    RoleGrantResource,
    OwnershipChangeResource,
    ProspectResource,
    LicenseResource,
    CustomerLicenseResource,
    ClientAppReportResource,
    SubscriptionResource,
    SubscriptionItemResource,
    ItemTransferResource,
    ReleaseResource,
    InvoiceResource,
    CreditNoteResource,
    StatementResource,
    PaymentResource,
    PayApprovalResource,
    PaymentMethodResource,
    OrderResource,
    FinancingRequestResource,
    TicketResource,
    ChatResource,
    InboundMailResource,
    AnnouncementResource,
    NotificationResource,
    ResourceArticleResource,
    TicketTypeResource,
    TicketFieldResource,
    ProjectResource,
    ReadyAnswerResource,
    MacroResource,
    SlaPolicyResource,
    BusinessHoursResource,
    ProductResource,
    EditionResource,
    PackageResource,
    PriceResource,
    TaxRuleResource,
    FinancingOptionResource,
    StaffMemberResource,
    DepartmentResource,
    InterestResource,
    PolicyResource,
    PolicyDecisionResource,
    DataRequestResource,
    AuditResource,
    LoginAsResource,
    LoginConsentResource,
    GatewayEventResource,
    JobResource,
    DeliveryResource,
)
