"""The market board's pages under /cho: alarms, which boards were checked, what is to be taken away. No takings anywhere."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.market import alarms, board, checking

GROUPS: Final[tuple[Routes, ...]] = (checking.routes, alarms.routes, board.routes)
