"""Which RPCs of the pilots the city's viewers reach: none of them gives a single stall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from kit.auth import EVERYWHERE, Kind, Permission, Subject
from kit.errors import PermissionDenied
from services.directory.roles import API_KEY_PERMISSIONS, PERMISSIONS, Role
from services.pilots.rpc.city import CityServicer
from services.pilots.rpc.sales import SalesServicer
from services.pilots.rpc.stalls import StallsServicer
from services.pilots.rpc.trust import TrustServicer

TABLES: tuple[Mapping[str, Permission], ...] = (
    StallsServicer.PERMISSIONS,
    SalesServicer.PERMISSIONS,
    TrustServicer.PERMISSIONS,
    CityServicer.PERMISSIONS,
)


def reached(subject: Subject) -> Iterator[str]:
    """RPCs that a subject is admitted to by a permission of its own, not as anybody."""
    for table in TABLES:
        for name, permission in table.items():
            if permission.anyone:
                continue
            try:
                permission.admit(subject)
            except PermissionDenied:
                continue
            yield name


@pytest.mark.parametrize("role", [Role.CITY_VIEWER, Role.DEPARTMENT_VIEWER])
def test_a_viewer_of_the_city_reads_its_view_alone(role: Role) -> None:
    """With all that the role permits, everywhere, only the suppressed tables are reached."""
    viewer = Subject(Kind.PERSON, "x", grants={EVERYWHERE: PERMISSIONS[role]})
    assert set(reached(viewer)) == {"GetCityView"}


def test_the_operation_centres_key_reads_the_feed_alone() -> None:
    """A key with every permission that keys can have reaches the indicators, and no stall."""
    key = Subject(Kind.API_KEY, "x", grants={EVERYWHERE: API_KEY_PERMISSIONS})
    assert set(reached(key)) == {"ListIndicators"}


def test_what_anybody_may_call_of_the_figures_is_open() -> None:
    """Of the city's own RPCs nobody's permission is needed for the open part and the definitions."""
    opened = {name for name, permission in CityServicer.PERMISSIONS.items() if permission.anyone}
    assert opened == {"GetOpenStatistics", "ListDefinitions"}
