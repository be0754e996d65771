"""The finance desk's pages in front of its services, with a clerk of the school signed in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from kit.postgres import Server
from tests.integration.gateway.test_pages import send
from tests.support.fake_directory import PASSWORD
from tests.support.finance_desk import FinanceDesk, finance_desk
from tests.support.gateway import running_gateway, settings_for

LOGIN = "lan.chi@hoamai.example"


@pytest.fixture
def desk(postgres_server: Server) -> Iterator[FinanceDesk]:
    with finance_desk(postgres_server) as started:
        yield started


@pytest.fixture
def clerk(desk: FinanceDesk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A clerk of the school who has signed in."""
    with (
        running_gateway(settings_for(desk.platform, tmp_path_factory.mktemp("demo"))) as url,
        httpx.Client(base_url=url, headers={"Origin": url}, timeout=20) as client,
    ):
        send(client, "/dang-nhap", "/dang-nhap", login=LOGIN, password=PASSWORD, next="/doi-soat")
        yield client
