"""How far a volunteer reaches, by the tables of every service and of the gateway: role × RPC and role × route."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import services
from gateway.access import declared_access
from gateway.app import create_app
from gateway.settings import GatewaySettings
from kit.auth import EVERYWHERE, Kind, Permission, Subject
from kit.errors import PermissionDenied
from services.directory.roles import PERMISSIONS, Role

VOLUNTEER = Subject(Kind.PERSON, "1", "Người giúp", {EVERYWHERE: PERMISSIONS[Role.HELPER]})
VISITS = {"BeginHelperVisit", "GetHelperVisit", "ListHelperVisits", "MarkGuidePrinted"}
# Pages of one's own login: no money and nobody else's data is on them.
OWN = {
    "GET /tai-khoan",
    "POST /tai-khoan/mat-khau",
    "GET /thong-bao",
    "POST /thong-bao",
    "GET /xac-minh",
    "POST /xac-minh",
    "POST /dang-xuat",
}


def tables() -> dict[str, Mapping[str, Permission]]:
    """The permission table of each servicer, by its class."""
    found: dict[str, Mapping[str, Permission]] = {}
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if "rpc" not in module.name.split("."):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.endswith("Servicer") and isinstance(value, type) and hasattr(value, "PERMISSIONS"):
                found[name] = value.PERMISSIONS
    return found


def admits(permission: Permission, subject: Subject) -> bool:
    try:
        permission.admit(subject)
    except PermissionDenied:
        return False
    return True


def test_every_servicer_is_looked_at() -> None:
    """The tables are found by themselves; that none is missed is held here."""
    assert {name.removesuffix("Servicer") for name in tables()} >= {
        "City",
        "Directory",
        "Documents",
        "Intake",
        "Invoices",
        "Notifications",
        "Reconciliation",
        "Sales",
        "Schools",
        "Stalls",
        "Trust",
        "Vietqr",
    }


@pytest.mark.parametrize(("servicer", "table"), sorted(tables().items()), ids=lambda value: str(value)[:24])
def test_a_volunteer_calls_nothing_but_visits(servicer: str, table: Mapping[str, Permission]) -> None:
    """Beside visits a volunteer's role admits to no RPC that does not admit every visitor."""
    admitted = {name for name, permission in table.items() if admits(permission, VOLUNTEER)}
    anybodys = {name for name, permission in table.items() if permission.anyone}
    assert admitted - anybodys == (VISITS if servicer == "TrustServicer" else set())


def test_a_volunteer_opens_nothing_but_visits(tmp_path: Path) -> None:
    """Beside public pages and the own login a volunteer's role opens the pages of visits alone."""
    settings = GatewaySettings(
        mode="test",
        subject_key="a key for tests only, of at least 32 characters",
        grpc_addresses="127.0.0.1:1",
        demo_folder=tmp_path,
    )
    table = declared_access(create_app(settings))
    opened = {
        f"{method} {path}"
        for (method, path), access in table.items()
        if access.permission and access.permission in PERMISSIONS[Role.HELPER]
    }
    assert opened == {
        "GET /giup",
        "POST /giup",
        "POST /giup/luot",
        "GET /giup/luot/{visit}",
        "POST /giup/luot/{visit}/huong-dan",
    }
    for_everybody = {
        f"{method} {path}"
        for (method, path), access in table.items()
        if access.signed_in and not access.permission
    }
    assert for_everybody == OWN
