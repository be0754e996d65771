"""What the law asks of a household about the accounts that it takes money with: dated data, never advice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent.parent / "data" / "household_business_tax.json"


@dataclass(frozen=True, slots=True)
class Notice:
    """A duty to tell people of, with the law that it stands in."""

    vi: str
    en: str
    legal: str
    is_confirmed: bool


@cache
def account_notice() -> Notice:
    """The duty to tell the tax office of every account that takes the business's money, whoever owns it."""
    duty = json.loads(_FILE.read_text(encoding="utf-8"))["account_notice_duty"]
    legal = str(duty["legal"])
    return Notice(
        vi=(
            "Tiền bán hàng về tài khoản của người khác: chủ quầy phải thông báo với cơ quan thuế mọi tài khoản, "
            f"ví điện tử dùng để kinh doanh ({legal})."
        ),
        en=(
            "Takings go to somebody else's account: the stall's holder has to notify the tax office of every account "
            f"and e-wallet used for the business ({legal})."
        ),
        legal=legal,
        is_confirmed=bool(duty["confirmed"]),
    )
