"""Lists typed in the fonts of before Unicode: TCVN3 (“ABC”, .VnTime …) keeps Vietnamese letters on Western codes.

Such a file is known by its heading: “Hä vµ tªn” is “Họ và tên”. Table: TCVN 5712:1993, VN3. Capitals with a tone are
small letters in a capitals' font (.VnTimeH), so their case is lost; nothing else is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.schools.roster.sheets import CellError, Value

_TCVN3: Final = str.maketrans(
    "\u00b5\u00b8\u00b6\u00b7\u00b9\u00a8\u00bb\u00be\u00bc\u00bd\u00c6\u00a9\u00c7\u00ca\u00c8\u00c9\u00cb\u00ae"
    "\u00cc\u00d0\u00ce\u00cf\u00d1\u00aa\u00d2\u00d5\u00d3\u00d4\u00d6\u00d7\u00dd\u00d8\u00dc\u00de"
    "\u00df\u00e3\u00e1\u00e2\u00e4\u00ab\u00e5\u00e8\u00e6\u00e7\u00e9\u00ac\u00ea\u00ed\u00eb\u00ec\u00ee"
    "\u00ef\u00f3\u00f1\u00f2\u00f4\u00ad\u00f5\u00f8\u00f6\u00f7\u00f9\u00fa\u00fd\u00fb\u00fc\u00fe"
    "\u00a1\u00a2\u00a7\u00a3\u00a4\u00a5\u00a6",
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
)


def from_tcvn3(rows: Sequence[Sequence[Value]]) -> list[list[Value]]:
    """The rows with every text in Unicode."""
    return [
        [
            value.translate(_TCVN3) if isinstance(value, str) and not isinstance(value, CellError) else value
            for value in row
        ]
        for row in rows
    ]
