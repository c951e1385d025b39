"""Which transfers each business event makes in the ledger.

A transfer moves an amount from one pot to another, so there is no half of one: whatever a list of transfers does, the
pots together stay at zero. A pot's balance is what it received minus what left it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LedgerAccountKind(StrEnum):
    """The first two belong to a customer account, the others to the house."""

    FUNDS = "funds"  # customer money that the house holds
    RECEIVABLE = "receivable"  # what the customer owes for issued invoices, counted down from zero
    BANK = "bank"  # money that reached the house, counted down from zero
    REVENUE = "revenue"
    TAX = "tax"
    REFUNDS = "refunds"  # money on its way back to customers
    FEES = "fees"
    WRITE_OFF = "write_off"  # credit given and debts let go, at the house's expense
    OPENING = "opening"  # the other side of balances brought from an older system


CUSTOMER_LEDGER_KINDS: Final = frozenset({LedgerAccountKind.FUNDS, LedgerAccountKind.RECEIVABLE})

_K = LedgerAccountKind


@dataclass(frozen=True, slots=True)
class Transfer:
    """``amount`` leaves ``debit`` and reaches ``credit``. Always more than zero."""

    debit: LedgerAccountKind
    credit: LedgerAccountKind
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError("a transfer moves more than nothing")
        if self.debit == self.credit:
            raise ValueError("a transfer has two ends")


def invoice_issued(net: int, tax: int) -> list[Transfer]:
    """The customer owes the total; the house earned the net and holds the tax for the state."""
    return _of((_K.RECEIVABLE, _K.REVENUE, net), (_K.RECEIVABLE, _K.TAX, tax))


def invoice_voided(net: int, tax: int) -> list[Transfer]:
    """The issue taken back. Only for an invoice on which nothing was paid or credited."""
    return _of((_K.REVENUE, _K.RECEIVABLE, net), (_K.TAX, _K.RECEIVABLE, tax))


def payment_received(amount: int, *, fee: int = 0) -> list[Transfer]:
    """Money reached the house: all of it is the customer's funds; what the provider of payments kept is our fee."""
    return _of((_K.BANK, _K.FUNDS, amount), (_K.FEES, _K.BANK, fee))


def funds_applied(amount: int) -> list[Transfer]:
    """Funds pay (a part of) an invoice: paying from the balance, and the second half of every other payment."""
    return _of((_K.FUNDS, _K.RECEIVABLE, amount))


def funds_released(amount: int) -> list[Transfer]:
    """An allocation taken back: what had paid an invoice is funds again."""
    return _of((_K.RECEIVABLE, _K.FUNDS, amount))


def credit_note_issued(net: int, tax: int, *, open_amount: int) -> list[Transfer]:
    """The customer owes less. What goes beyond ``open_amount``, the part not paid yet, becomes funds."""
    if open_amount < 0:
        raise ValueError("an open amount is not negative")
    return [
        *_of((_K.REVENUE, _K.RECEIVABLE, net), (_K.TAX, _K.RECEIVABLE, tax)),
        *funds_released(max(0, net + tax - open_amount)),
    ]


def refund_started(amount: int) -> list[Transfer]:
    """Funds are set aside before the gateway is asked to send them, so that they cannot be spent meanwhile."""
    return _of((_K.FUNDS, _K.REFUNDS, amount))


def refund_settled(amount: int) -> list[Transfer]:
    """The money left the house."""
    return _of((_K.REFUNDS, _K.BANK, amount))


def refund_failed(amount: int) -> list[Transfer]:
    """The gateway said no: the money is the customer's funds again."""
    return _of((_K.REFUNDS, _K.FUNDS, amount))


def credit_given(amount: int) -> list[Transfer]:
    """Staff give credit at the house's expense."""
    return _of((_K.WRITE_OFF, _K.FUNDS, amount))


def credit_taken_back(amount: int) -> list[Transfer]:
    return _of((_K.FUNDS, _K.WRITE_OFF, amount))


def debt_written_off(amount: int) -> list[Transfer]:
    """A debt that will not come is let go."""
    return _of((_K.WRITE_OFF, _K.RECEIVABLE, amount))


def balance_brought(amount: int) -> list[Transfer]:
    """The balance of an older system: above zero it is funds, below zero a debt."""
    if amount < 0:
        return _of((_K.RECEIVABLE, _K.OPENING, -amount))
    return _of((_K.OPENING, _K.FUNDS, amount))


def balances_of(transfers: Iterable[Transfer]) -> dict[LedgerAccountKind, int]:
    """What the transfers do to each pot, received minus left. The values always add up to zero."""
    balances: dict[LedgerAccountKind, int] = {}
    for transfer in transfers:
        balances[transfer.debit] = balances.get(transfer.debit, 0) - transfer.amount
        balances[transfer.credit] = balances.get(transfer.credit, 0) + transfer.amount
    return balances


def _of(*moves: tuple[LedgerAccountKind, LedgerAccountKind, int]) -> list[Transfer]:
    """Leave out what moves nothing (an invoice without tax); refuse what is negative."""
    if any(amount < 0 for _, _, amount in moves):
        raise ValueError("an amount to move is negative")
    return [Transfer(debit, credit, amount) for debit, credit, amount in moves if amount]
