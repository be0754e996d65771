"""Roles and what they permit. A role is held in one organisation; the city's roles hold everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    SCHOOL_ACCOUNTANT = "school_accountant"
    CLASS_TEACHER = "class_teacher"
    HEAD_TEACHER = "head_teacher"
    UTILITY_CLERK = "utility_clerk"
    TAX_CLERK = "tax_clerk"
    ONE_STOP_CLERK = "one_stop_clerk"
    FINANCE_CLERK = "finance_clerk"
    FINANCE_HEAD = "finance_head"
    MERCHANT = "merchant"
    MARKET_INSPECTOR = "market_inspector"
    HELPER = "helper"
    DEPARTMENT_VIEWER = "department_viewer"
    CITY_VIEWER = "city_viewer"
    ADMINISTRATOR = "administrator"


# Held in the city's own organisation, these hold in every organisation.
CITY_ROLES: Final = frozenset({Role.DEPARTMENT_VIEWER, Role.CITY_VIEWER, Role.MARKET_INSPECTOR, Role.HELPER})

_READ_BILLS: Final = frozenset({"directory.read", "invoices.read"})
_FINANCE: Final = _READ_BILLS | {
    "credits.read",
    "credits.assign",
    "credits.undo",
    "ledger.read",
    "intake.read",
    "intake.close",
}

PERMISSIONS: Final[dict[Role, frozenset[str]]] = {
    Role.SCHOOL_ACCOUNTANT: _FINANCE
    | {
        "schools.read",
        "schools.manage",
        "schools.release",
        "invoices.issue",
        "invoices.void",
        "invoices.change",
        "invoices.link",
        "accounts.propose",
    },
    Role.CLASS_TEACHER: frozenset({"directory.read", "schools.read", "invoices.read"}),
    Role.HEAD_TEACHER: _FINANCE
    | {"schools.read", "schools.release", "invoices.void", "accounts.approve", "audit.read"},
    Role.UTILITY_CLERK: _READ_BILLS | {"invoices.issue", "invoices.void", "invoices.change", "invoices.link"},
    Role.TAX_CLERK: _READ_BILLS | {"invoices.issue", "invoices.void", "invoices.change", "invoices.link"},
    Role.ONE_STOP_CLERK: _READ_BILLS | {"invoices.issue", "invoices.link"},
    Role.FINANCE_CLERK: _FINANCE,
    Role.FINANCE_HEAD: _FINANCE
    | {"accounts.propose", "accounts.approve", "audit.read", "intake.manage", "events.replay"},
    # The stall's owner: his stalls, their money and their phones; the accounts with a second person of the city's.
    Role.MERCHANT: frozenset(
        {"directory.read", "accounts.propose", "stalls.read", "stalls.sell", "stalls.manage"}
    ),
    # The market board: which stalls there are and whether their codes are right, never what they take.
    Role.MARKET_INSPECTOR: frozenset({"directory.read", "pilots.inspect"}),
    Role.HELPER: frozenset({"helper.serve"}),
    Role.DEPARTMENT_VIEWER: frozenset({"directory.read", "city.read"}),
    Role.CITY_VIEWER: frozenset({"directory.read", "city.read"}),
    Role.ADMINISTRATOR: frozenset(
        {
            "directory.read",
            "organisations.manage",
            "people.manage",
            "accounts.propose",
            "accounts.approve",
            "api_keys.manage",
            "pilots.manage",
            "pilots.inspect",
            "intake.read",
            "intake.manage",
            "audit.read",
            "events.replay",
        }
    ),
}

# What a biller's own system may be given with an API key.
API_KEY_PERMISSIONS: Final = frozenset(
    {
        "directory.read",
        "invoices.read",
        "invoices.issue",
        "invoices.void",
        "invoices.change",
        "invoices.link",
        "credits.read",
        "schools.read",
        # The operation centre's system.
        "indicators.read",
    }
)

# Roles whose sessions end after fifteen idle minutes: they move or see money.
_VIEWERS: Final = frozenset(
    {Role.CLASS_TEACHER, Role.DEPARTMENT_VIEWER, Role.CITY_VIEWER, Role.MARKET_INSPECTOR}
)


# Roles that hold or decide about the city's money, people or accounts: a password alone is not enough for them.
SECOND_FACTOR: Final = frozenset(
    {Role.ADMINISTRATOR, Role.FINANCE_CLERK, Role.FINANCE_HEAD, Role.HEAD_TEACHER}
)


def needs_second_factor(role: Role) -> bool:
    """True for roles whose sessions may do nothing before a second factor is proved."""
    return role in SECOND_FACTOR


def moves_money(role: Role) -> bool:
    """True for roles whose sessions are kept short."""
    return role not in _VIEWERS


def holds_everywhere(role: Role, *, in_city: bool) -> bool:
    """True if the role, held in the organisation of this kind, holds in every organisation."""
    return in_city and (
        role in CITY_ROLES or role in (Role.ADMINISTRATOR, Role.FINANCE_CLERK, Role.FINANCE_HEAD)
    )
