"""The school's pages in front of the fake services, with an accountant signed in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_school_city import ACCOUNTANT, SchoolPlatform
from tests.support.filled_school import fill
from tests.support.school_desk import sign_in


@pytest.fixture(scope="module")
def platform() -> Iterator[SchoolPlatform]:
    services = SchoolPlatform()
    fill(services)
    services.start()
    yield services
    services.stop()


@pytest.fixture(autouse=True)
def _as_accountant(platform: SchoolPlatform) -> Iterator[None]:
    yield
    platform.permissions = ACCOUNTANT
    platform.has_second_school = False
    platform.is_desk_away = False
    platform.schools.pace = None


@pytest.fixture
def desk(client: httpx.Client) -> httpx.Client:
    """The accountant, signed in."""
    sign_in(client)
    return client
