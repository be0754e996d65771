"""A gateway on a real port in front of the fake services, one per module."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_platform import FakePlatform
from tests.support.gateway import running_gateway, settings_for


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
def client(address: str) -> Iterator[httpx.Client]:
    """A visitor with a cookie jar of its own, coming from our own pages."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as started:
        yield started
