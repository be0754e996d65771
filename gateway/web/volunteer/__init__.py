"""The volunteers' pages under /giup: somebody agreed, one bill is seen for half an hour, a guide is printed."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.volunteer import visits

GROUPS: Final[tuple[Routes, ...]] = (visits.routes,)
