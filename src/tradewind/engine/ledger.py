"""Double-entry book of an account, exact decimals in account currency.

Every posting sums to zero over its accounts, so that at any time

    cash = capital + gross - spread - slippage - commission + swap + funding

where ``gross`` is what the closed quantities would have made at frictionless prices. Spread and slippage are part of
the traded prices: they are booked when a quantity is closed, not when it is opened.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradewind.errors import Corrupt
from tradewind.model.money import ZERO

CASH: Final = "cash"
ACCOUNTS: Final = (CASH, "capital", "gross", "spread", "slippage", "commission", "swap", "funding")


class Ledger:
    """Balances by account. Income and capital have negative balances here, costs positive ones, as in any ledger."""

    def __init__(self, capital: Decimal) -> None:
        self._balances = dict.fromkeys(ACCOUNTS, ZERO)
        self.post({CASH: capital, "capital": -capital})

    @property
    def cash(self) -> Decimal:
        """The balance of the account: capital and everything closed or charged since."""
        return self._balances[CASH]

    def total(self, account: str) -> Decimal:
        """What an account holds, as people say it: gross results and received swap positive, costs paid positive."""
        balance = self._balances[account]
        return balance if account in (CASH, "spread", "slippage", "commission") else ZERO - balance

    def totals(self) -> dict[str, Decimal]:
        """``total`` of every account."""
        return {account: self.total(account) for account in ACCOUNTS}

    def close(self, realised: Decimal, spread: Decimal, slippage: Decimal) -> None:
        """Books a closed quantity: ``realised`` at traded prices, with the spread and slippage these contained."""
        self.post({CASH: realised, "spread": spread, "slippage": slippage, "gross": -(realised + spread + slippage)})

    def commission(self, paid: Decimal) -> None:
        """Books a commission, positive when paid."""
        self.post({CASH: -paid, "commission": paid})

    def charge(self, kind: str, amount: Decimal) -> None:
        """Books swap or funding, negative when paid."""
        self.post({CASH: amount, kind: -amount})

    def post(self, amounts: dict[str, Decimal]) -> None:
        """One posting.

        Raises:
            Corrupt: the amounts do not sum to zero, or name an account that is not there.
        """
        if sum(amounts.values(), ZERO) != ZERO or not amounts.keys() <= self._balances.keys():
            raise Corrupt(
                f"posting {amounts} does not balance",
                where="ledger",
                allowed=f"amounts summing to zero over {', '.join(ACCOUNTS)}",
                next_step="stop: the books would no longer add up",
            )
        for account, amount in amounts.items():
            self._balances[account] += amount

    def snapshot(self) -> bytes:
        """All balances, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(self._balances)

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; raises ``Corrupt`` when it does not balance."""
        balances = msgspec.msgpack.decode(state, type=dict[str, Decimal])
        self._balances = dict.fromkeys(ACCOUNTS, ZERO)
        self.post(balances)
