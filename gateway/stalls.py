"""What anybody may see of a stall and of its sales: never a credit of a standing code, never a payer's account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway import formats
from gateway.bills import Code
from gateway.clients import Clients
from kit import auth, clock
from kit.errors import NotFound
from kit.references.code import Kind, check, kind_of
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

_State = sales_pb.Sale.State


class SaleNotFound(NotFound):
    reason = "SALE_NOT_FOUND"
    vi = "Không thấy lần bán nào có mã này. Xin quét lại mã trên máy của quầy."
    en = "No sale has this code. Please scan the code on the stall's phone again."


class StallCodeUnknown(NotFound):
    reason = "STALL_CODE_UNKNOWN"
    vi = "Không có quầy nào mang mã này. Đừng chuyển tiền theo mã QR lạ; hỏi chủ quầy hoặc ban quản lý chợ."
    en = "No stall has this code. Do not pay to a strange QR code; ask the stall's owner or the market board."


class SaleState(StrEnum):
    """What the page of a sale has to say first."""

    WAITING = "waiting"
    SHORT = "short"
    PAID = "paid"
    OVER = "over"
    AGAIN = "again"
    SETTLED = "settled"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SaleView:
    """One sale as its payer sees it; `late` is the bank that tells of money late, with since when."""

    sale: sales_pb.PublicSale
    code: Code | None
    late: tuple[str, datetime] | None

    @property
    def state(self) -> SaleState:
        return state_of_sale(self.sale)

    @property
    def rest(self) -> int:
        """What is still to be paid, đồng."""
        return max(self.sale.amount - self.sale.amount_paid, 0)

    @property
    def excess(self) -> int:
        """What came beyond the amount, đồng."""
        return max(self.sale.amount_paid - self.sale.amount, 0)

    @property
    def seconds_left(self) -> int:
        """Whole seconds until it waits no longer, and one more; 0 where nothing is waited for."""
        end = formats.moment(self.sale.expire_time)
        if self.code is None or end is None:
            return 0
        return max(int((end - clock.now()).total_seconds()), 0) + 1

    @property
    def was_closed(self) -> bool:
        """The money came although the seller waited no more."""
        return self.sale.expired or self.sale.state in (_State.STATE_CANCELLED, _State.STATE_SETTLED)


def state_of_sale(sale: sales_pb.PublicSale) -> SaleState:
    """What the page has to say first about a sale: money that is there comes before everything else."""
    if sale.amount_paid >= 2 * sale.amount:
        return SaleState.AGAIN
    if sale.amount_paid > sale.amount:
        return SaleState.OVER
    if sale.amount_paid == sale.amount:
        return SaleState.PAID
    if sale.state == _State.STATE_SETTLED:
        return SaleState.SETTLED
    if sale.state == _State.STATE_CANCELLED:
        return SaleState.CANCELLED
    if sale.amount_paid:
        return SaleState.SHORT
    return SaleState.EXPIRED if sale.expired else SaleState.WAITING


def is_stall_code(reference: str) -> bool:
    """True for a valid code of a stall: of a sale, of a board, of a pack."""
    return check(reference) and kind_of(reference) is Kind.STALL


class StallReader:
    """Reads stalls and sales for visitors."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    @property
    def _token(self) -> str:
        return self._clients.sign(auth.public())

    async def sale(self, reference: str) -> sales_pb.PublicSale:
        """The public facts of a sale. Raises SaleNotFound."""
        if not is_stall_code(reference):
            raise SaleNotFound()
        request = sales_pb.GetPublicSaleRequest(reference=reference)
        try:
            sale: sales_pb.PublicSale = await self._clients.call(
                self._clients.sales.GetPublicSale, request, self._token
            )
        except NotFound as error:
            raise SaleNotFound() from error
        return sale

    async def stall(self, code: str) -> stalls_pb.PublicStall:
        """What anybody may know of a stall. Raises StallCodeUnknown."""
        if not is_stall_code(code):
            raise StallCodeUnknown()
        request = stalls_pb.GetPublicStallRequest(code=code)
        try:
            stall: stalls_pb.PublicStall = await self._clients.call(
                self._clients.stalls.GetPublicStall, request, self._token
            )
        except NotFound as error:
            raise StallCodeUnknown() from error
        return stall
