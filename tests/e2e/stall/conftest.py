"""A gateway in front of the fake services, and stall phones whose live line a test holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import Role
from tests.support.gateway import running_gateway, settings_for
from tests.support.stall_line import HeldPhone


@pytest.fixture(scope="module")
def platform() -> Iterator[FakePlatform]:
    services = FakePlatform()
    services.start()
    yield services
    services.stop()


@pytest.fixture(scope="module")
def address(platform: FakePlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gateway(settings_for(platform, tmp_path_factory.mktemp("demo"))) as url:
        yield url


@pytest.fixture
def paired(platform: FakePlatform, address: str, open_page: Callable[..., Page]) -> Callable[..., HeldPhone]:
    """A paired phone of a stall of its own."""

    def make(role: Role = Role.ROLE_SELLER, **options: Any) -> HeldPhone:
        phone = HeldPhone(
            platform,
            address,
            open_page(height=740, **options),
        )
        phone.pair(platform.stalls.add_stall(), role)
        return phone

    return make
