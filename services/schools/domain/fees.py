"""Kinds of collection: dated data with sources. The kind decides wording, order of payment and books."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from services.schools.domain.errors import UnknownFeeKind

_FILE: Final = Path(__file__).parent.parent / "data" / "fee_kinds.json"


class LegalKind(StrEnum):
    """The five legal kinds of school collections (NĐ 238/2025, NĐ 66/2026, TT 24/2024, TT 55/2011)."""

    TUITION = "hoc_phi"
    SERVICE = "dich_vu"
    AGREED = "thoa_thuan"
    PASS_THROUGH = "thu_ho"
    VOLUNTARY = "tu_nguyen"


# The class names of the data file that schools use, and what they are in law.
_CLASSES: Final = {
    "hoc_phi": LegalKind.TUITION,
    "dich_vu_hdnd": LegalKind.SERVICE,
    "thoa_thuan": LegalKind.AGREED,
    "thu_ho": LegalKind.PASS_THROUGH,
    "tu_nguyen": LegalKind.VOLUNTARY,
}

# Money collected for others goes first, so that a part payment never leaves a family uninsured; then what law sets.
PRIORITY: Final = {
    LegalKind.PASS_THROUGH: 10,
    LegalKind.TUITION: 20,
    LegalKind.SERVICE: 30,
    LegalKind.AGREED: 40,
    LegalKind.VOLUNTARY: 90,
}

# What a kind rests on, as its source is cited; what is agreed with parents rests on that agreement alone.
_BASIS: Final = {
    LegalKind.TUITION: "NĐ 238/2025/NĐ-CP",
    LegalKind.SERVICE: "NĐ 238/2025/NĐ-CP, NĐ 66/2026/NĐ-CP: danh mục và mức trần do UBND tỉnh, thành phố quy định",
    LegalKind.AGREED: "",
    LegalKind.PASS_THROUGH: "TT 24/2024/TT-BTC",
    LegalKind.VOLUNTARY: "TT 55/2011/TT-BGDĐT, TT 16/2018/TT-BGDĐT",
}


@dataclass(frozen=True, slots=True)
class FeeKind:
    """One kind of collection; `is_confirmed` False is shown as "chưa xác nhận"."""

    code: str
    name: str
    legal_kind: LegalKind
    unit: str
    legal_basis: str
    is_confirmed: bool
    is_voluntary: bool


@cache
def fee_kinds() -> dict[str, FeeKind]:
    """The kinds that schools collect, by code."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    kinds: dict[str, FeeKind] = {}
    for row in content["kinds"]:
        legal_kind = _CLASSES.get(row["class"])
        if legal_kind is None:
            continue
        kinds[row["code"]] = FeeKind(
            code=row["code"],
            name=row["vi"],
            legal_kind=legal_kind,
            unit=row.get("unit", ""),
            legal_basis=_BASIS[legal_kind],
            is_confirmed=bool(row.get("confirmed", False)),
            is_voluntary=legal_kind is LegalKind.VOLUNTARY or bool(row.get("voluntary", False)),
        )
    return kinds


def source() -> str:
    """Where the kinds come from and when they were checked."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    return f"{content['_about']} ({content['_checked']})"


def fee_kind(code: str) -> FeeKind:
    """A kind by its code. Raises UnknownFeeKind."""
    kind = fee_kinds().get(code)
    if kind is None:
        raise UnknownFeeKind(code=code)
    return kind
