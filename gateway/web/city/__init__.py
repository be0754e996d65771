"""The city's pages: `/thanh-pho` for its operation centre, `/mo` for everybody."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.city import centre, opened

GROUPS: Final[tuple[Routes, ...]] = (centre.routes, opened.routes)
