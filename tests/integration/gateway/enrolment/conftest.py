"""The administrator of the city at the desk of programmes, with the services in memory."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from services.directory.roles import PERMISSIONS, Role
from tests.support.fake_enrolment import EnrolmentPlatform, enrolment_platform
from tests.support.fake_merchant import sign_in


@pytest.fixture(scope="module")
def platform() -> Iterator[EnrolmentPlatform]:
    with enrolment_platform() as services:
        yield services


@pytest.fixture
def desk(platform: EnrolmentPlatform, client: httpx.Client) -> httpx.Client:
    """The administrator, signed in, with one street."""
    platform.permissions = PERMISSIONS[Role.ADMINISTRATOR]
    platform.stalls.programmes.clear()
    platform.stalls.stalls.clear()
    platform.stalls.add_programme()
    sign_in(client)
    return client
