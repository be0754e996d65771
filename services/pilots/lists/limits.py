"""How much an enrolment list may hold, so that no upload can exhaust the machine."""

from __future__ import annotations

from typing import Final

UPLOAD_LIMIT: Final = 2 * 1024 * 1024
# Whatever the file's own ratio is: an honest list of one kind of rows packs well.
UNPACKED_LIMIT: Final = 10 * UPLOAD_LIMIT
ROW_LIMIT: Final = 2_000
# Titles, blank rows and signatures may come on top.
LINE_LIMIT: Final = 20_000
COLUMN_LIMIT: Final = 200
# The heading stands among the first rows.
SEARCH_ROWS: Final = 60
CELL_LENGTH: Final = 2_000
PART_LIMIT: Final = 1_000
