"""The owner's pages in front of the services in memory."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_merchant import OWNER, MerchantPlatform, merchant_platform, sign_in


@pytest.fixture(scope="module")
def platform() -> Iterator[MerchantPlatform]:
    with merchant_platform() as services:
        yield services


@pytest.fixture
def owner(platform: MerchantPlatform, client: httpx.Client) -> httpx.Client:
    """The owner, signed in."""
    platform.permissions = OWNER
    sign_in(client)
    return client
