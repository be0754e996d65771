"""The frame of a staff page: whose page it is, its tabs, its search field."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the staff navigation."""

    title: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What `staff.html` shows around a page. `role` is the viewer's role in words."""

    unit: str
    home: str
    place: str = ""
    tabs: list[Tab] = field(default_factory=list)
    role: str = ""
    search_action: str = ""
    search_label: str = ""
    search_value: str = ""


def tabs(current: str, *entries: tuple[str, str]) -> list[Tab]:
    """Tabs of (title, href); the one whose href is `current` is marked."""
    return [Tab(title, href, href == current) for title, href in entries]
