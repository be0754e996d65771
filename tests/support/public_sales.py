"""Sales as their payers meet them: opened by a phone of the stall, then changed."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.fake_platform import FakePlatform
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent


def open_sale(platform: FakePlatform, amount: int = 50_000, stall_id: str = "") -> pb.Sale:
    """A sale of a stall, a new one where none is given."""
    stall_id = stall_id or platform.stalls.add_stall().id
    request = pb.CreateSaleRequest(request_id=str(uuid.uuid4()), stall_id=stall_id, amount=amount)
    return platform.sales.CreateSale(request, None)  # type: ignore[arg-type]


def change(platform: FakePlatform, sale: pb.Sale, **facts: Any) -> None:
    """The sale has another state, or has expired; who looks at it is told."""
    for name, value in facts.items():
        setattr(sale, name, value)
    sale.sequence += 1
    platform.sales.tell(
        sale.stall_id,
        type=StallEvent.TYPE_SALE_CHANGED,
        sale_id=sale.id,
        sale_reference=sale.reference,
        sale_sequence=sale.sequence,
    )
