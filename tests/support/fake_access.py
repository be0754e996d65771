"""How the services in memory know a caller: the key that subjects are signed with, a permission for each RPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.auth import Permission

SUBJECT_KEY = "a key of the tests, long enough to be one"


def everybody(module: Any, service: str, **special: Permission) -> Mapping[str, Permission]:
    """A permission entry for each RPC of a service."""
    methods = module.DESCRIPTOR.services_by_name[service].methods
    return {method.name: special.get(method.name, Permission(anyone=True)) for method in methods}
