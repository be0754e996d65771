"""How much a list may hold, so that no upload can exhaust the machine."""

from __future__ import annotations

# The upload itself, and what it may unpack to: ten times the upload's limit, whatever the file's own ratio is
# (a plain list of 3,000 pupils compresses 12 to 1, so a ratio would refuse honest files).
UPLOAD_LIMIT = 10 * 1024 * 1024
UNPACKED_LIMIT = 10 * UPLOAD_LIMIT

# Pupils' rows; titles, totals and headings may come on top.
ROW_LIMIT = 50_000
ROW_SLACK = 2_000

# The table is dense in memory up to its last cell: about 60 bytes a cell.
COLUMN_LIMIT = 300
CELL_LIMIT = 2_000_000

SHEET_LIMIT = 200
MERGE_LIMIT = 100_000
NAME_LIMIT = 200
CLASS_LIMIT = 40
CODE_LIMIT = 40
PHONE_LIMIT = 200
AMOUNT_LIMIT = 999_999_999_999
AGE_LIMIT = 100
