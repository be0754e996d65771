"""Builders for the market board's pages: alarms and boards as the service answers them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from kit import clock
from tests.support.fake_bills import stamp
from xoai.pilots.v1 import trust_service_pb2 as pb

STREET = "0190a000-0000-7000-8000-0000000000c1"


def make_alarm(kind: pb.Alarm.Kind.ValueType = pb.Alarm.KIND_CODE_DIFFERS, **overrides: Any) -> pb.Alarm:
    """An alarm of a stall of the street that came twenty minutes ago."""
    now = clock.now()
    fields: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "programme_id": STREET,
        "programme_name": "Chợ Đồng Xoài",
        "stall_id": str(uuid.uuid4()),
        "stall_number": "A07",
        "stall_name": "Rau củ cô Hạnh",
        "text": "Mã mang mã quầy này nhưng tiền sẽ vào tài khoản khác.",
        "text_en": "The code carries this stall's code, but the money would go to another account.",
        "create_time": stamp(now - timedelta(minutes=20)),
        "change_time": stamp(now - timedelta(minutes=2)),
        "count": 1,
    }
    if kind == pb.Alarm.KIND_CODE_DIFFERS:
        fields["differences"] = differences()
    return pb.Alarm(**(fields | overrides))


def differences() -> list[pb.Difference]:
    """Another account at another bank."""
    return [
        pb.Difference(what="bank", registered="Vietcombank", found="Agribank"),
        pb.Difference(what="account", registered="1012345678", found="1012845678"),
    ]


def make_board(**overrides: Any) -> pb.Board:
    """A market with four stalls: checked, not yet, with an old board, without one."""
    now = clock.now()
    stalls = [
        pb.BoardStall(
            id=str(uuid.uuid4()),
            number=f"A0{number}",
            name=name,
            goods=goods,
            section_name="Dãy rau",
            state="active" if issue else "waiting",
            issue_number=issue,
            reference=f"XQ345678{number}TVXD",
        )
        for number, name, goods, issue in (
            (5, "Bún riêu cô Ba", "Bún, miến", 1),
            (6, "Trái cây Út Mười", "Trái cây theo mùa, xoài, chôm chôm, măng cụt và sầu riêng", 2),
            (7, "Rau củ cô Hạnh", "Rau, củ", 1),
            (8, "", "Cá, tôm", 0),
        )
    ]
    stalls[0].check_time.CopyFrom(stamp(now - timedelta(minutes=1)))
    stalls[0].checked_today = True
    stalls[1].flagged.add(issue_number=1, reason="Đổi tài khoản nhận tiền")
    stalls[2].open_alarms = 1
    summary = pb.BoardSummary(
        programme_id=STREET,
        programme_code="cho-dong-xoai",
        programme_name="Chợ Đồng Xoài",
        kind="market",
        stalls=4,
        with_stand=3,
        checked_today=1,
        flagged=1,
        open_alarms=1,
    )
    return pb.Board(**({"summary": summary, "stalls": stalls} | overrides))
