"""What every call reads of its request and its caller in the same way."""

from __future__ import annotations

import grpc

from kit.errors import InvalidArgument
from kit.grpc_server import caller_of
from kit.messages import uuid_in


class BadIdentifier(InvalidArgument):
    reason = "BAD_IDENTIFIER"
    vi = "Mã “{value}” ở mục {field} không đúng."
    en = "The id “{value}” in {field} is not one."


def id_in(value: str, field: str, *, may_be_empty: bool = False) -> str:
    """The id in a field. Raises BadIdentifier."""
    if may_be_empty and not value:
        return ""
    return str(uuid_in(BadIdentifier, field, value))


def only_one(context: grpc.ServicerContext) -> str:
    """The one organisation that a caller may see anyway, so that its index is of use; empty for others."""
    tenants = caller_of(context).tenants
    if tenants is None or tenants.everywhere or len(tenants.organisation_ids) != 1:
        return ""
    return str(next(iter(tenants.organisation_ids)))


def acts_for_city(context: grpc.ServicerContext) -> bool:
    """True for a person or system that sees every organisation: what traders take is not theirs to see."""
    tenants = caller_of(context).tenants
    return tenants is not None and tenants.everywhere
