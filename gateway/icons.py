"""Our own line icons (24 px grid, stroke 1.8, round ends) and the mark, as inline SVG."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

_PATHS: Final = {
    "tick": "M5 12.8l4.4 4.4L19 7.4",
    "tick-circle": "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM7.8 12.4l3 3 5.4-5.8",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM12 7v5.2l3.2 1.9",
    "differs": "M7.5 4v7M4 7.5h7M5.5 19.5l13-14M13.5 17.5h7",
    "triangle": "M12 4.2L2.8 19.8h18.4zM12 10v4.6M12 17v.1",
    "dash": "M6 12h12",
    "search": "M10.8 4.3a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13zM15.6 15.6l4.6 4.6",
    "person": "M12 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM4.5 20.2c.8-3.6 3.8-5.4 7.5-5.4s6.7 1.8 7.5 5.4",
    "people": "M9 4.5a3.6 3.6 0 1 0 0 7.2 3.6 3.6 0 1 0 0-7.2zM2.5 19.5c.7-3.4 3.3-5 6.5-5s5.8 1.6 6.5 5"
    "M15.5 4.8a3.6 3.6 0 0 1 0 6.6M18 14.8c1.8.7 3 2.3 3.5 4.7",
    "school": "M2.5 9.3L12 4.8l9.5 4.5-9.5 4.5zM6.5 11.4v4.4c1.5 1.7 3.3 2.5 5.5 2.5s4-.8 5.5-2.5v-4.4"
    "M21.5 9.3V15",
    "home": "M4 11l8-7 8 7v9h-5.5v-6h-5v6H4z",
    "shield": "M12 3l7.5 2.7V11c0 5-3 8.2-7.5 10-4.5-1.8-7.5-5-7.5-10V5.7zM8.7 11.9l2.4 2.4 4.2-4.5",
    "shop": "M5.3 4h13.4L21 9.3a2.9 2.9 0 0 1-6 .2 2.9 2.9 0 0 1-6 0 2.9 2.9 0 0 1-6-.2zM5 12.6V20h14v-7.4"
    "M9.8 20v-4.3h4.4V20",
    "chart": "M3.5 20.3h17M7 16.5v-4M12 16.5V4.5M17 16.5v-7",
    "external": "M14 4h6v6M20 4l-9 9M18.5 13.5V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1h5.5",
    "bolt": "M13.2 3L5 13.8h5.8L10 21l8.5-11.2h-6z",
    "drop": "M12 3.5c3.6 4.2 6 7.2 6 10.6a6 6 0 0 1-12 0c0-3.4 2.4-6.4 6-10.6z",
    "bank": "M3.5 9.5L12 4.3l8.5 5.2zM6.3 12.3v4.9M10.1 12.3v4.9M13.9 12.3v4.9M17.7 12.3v4.9M3.5 20h17",
    "ledger": "M4 4.5h7v15H4zM6.3 8.5h2.4M6.3 12h2.4M6.3 15.5h2.4M14.3 6H20M14.3 10.5H20M14.3 15h3.7",
    "gear": "M12 9a3 3 0 1 0 0 6 3 3 0 1 0 0-6zM12 3v2.6M12 18.4V21M3 12h2.6M18.4 12H21M5.6 5.6l1.9 1.9"
    "M16.5 16.5l1.9 1.9M18.4 5.6l-1.9 1.9M7.5 16.5l-1.9 1.9",
    "bell": "M6 16.8V11a6 6 0 0 1 12 0v5.8l1.5 1.7h-15zM10 21.2h4",
    "image": "M5.5 4h13A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5v-13A1.5 1.5 0 0 1 5.5 4z"
    "M4.5 17.5l5-5.5 4.3 4.5 2-2 3.7 3.5M15.5 7.7a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 1 0 0-2.6z",
    "download": "M12 4v10.8M7.3 10.3l4.7 4.7 4.7-4.7M4.5 20h15",
    "upload": "M12 15V4.3M7.3 8.9L12 4.2l4.7 4.7M4.5 20h15",
    "copy": "M10 8.5h8a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 8.5 18v-8A1.5 1.5 0 0 1 10 8.5z"
    "M15.5 5.5A1.5 1.5 0 0 0 14 4H6a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 6 15",
    "phone": "M5.2 3.8h3.4l1.8 4.5-2.2 1.7a11.5 11.5 0 0 0 5.8 5.8l1.7-2.2 4.5 1.8v3.4a1.6 1.6 0 0 1-1.7 1.6"
    "C11 20 4 13 3.6 5.5a1.6 1.6 0 0 1 1.6-1.7z",
    "right": "M9 5l7 7-7 7",
    "left": "M15 5l-7 7 7 7",
    "printer": "M7 8.5V4h10v4.5M7 17.5H4.5v-7a2 2 0 0 1 2-2h11a2 2 0 0 1 2 2v7H17M7 14h10v6H7z",
    "lock": "M6.5 11h11a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "file": "M6 3.5h8l4 4v13H6zM14 3.5V8h4M9 12.5h6M9 16.3h6",
    "split": "M12 20v-6.5c0-4-5-3.5-5-8.5M12 13.5c0-4 5-3.5 5-8.5M4.4 7.6L7 5l2.6 2.6M14.4 7.6L17 5l2.6 2.6",
    "park": "M8.5 4.5v15M15.5 4.5v15",
    "undo": "M4 9.5h10a5.5 5.5 0 0 1 0 11H9M8.5 5L4 9.5 8.5 14",
    "reload": "M19.8 12a7.8 7.8 0 1 1-2.3-5.5L20 9M20 4v5h-5",
    "plus": "M12 5v14M5 12h14",
    "close": "M6 6l12 12M18 6L6 18",
    "key": "M8 11.5a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM11 12.5L19.5 4M16 7.5l2.5 2.5",
    "speaker": "M11 5.5L6.8 9H3.5v6h3.3l4.2 3.5zM15 9.2a4 4 0 0 1 0 5.6M17.8 6.5a8 8 0 0 1 0 11",
    "wifi": "M2.8 9.4a13.2 13.2 0 0 1 18.4 0M6 12.9a8.7 8.7 0 0 1 12 0M9.1 16.3a4.2 4.2 0 0 1 5.8 0M12 19.4v.1",
    "wifi-off": "M3 3l18 18M2.8 9.4A13 13 0 0 1 7 6.6M11 5.6a13.1 13.1 0 0 1 10.2 3.8M6 12.9a8.6 8.6 0 0 1 4.4-2.3"
    "M14.5 10.8a8.7 8.7 0 0 1 3.5 2.1M9.1 16.3a4.2 4.2 0 0 1 5.8 0M12 19.4v.1",
    "qr": "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2M18 18h2v2M14 18v2",
    "backspace": "M9 5h11a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H9l-6-7zM12 9.5l5 5M17 9.5l-5 5",
    "cash": "M3 6.5h18v11H3zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 1 0 0-5zM6 9.5v.1M18 14.4v.1",
    "exit": "M10 4H5v16h5M15 8l4 4-4 4M19 12H9.5",
}

# A mango with its leaf; the leaf follows the text colour of actions, so it shows on dark ground too.
_MARK: Final = (
    '<svg class="mark" width="{size}" height="{size}" viewBox="0 0 30 30" aria-hidden="true" focusable="false">'
    '<path fill="#F7A823" d="M16.9 6.9c5.6.2 10.1 5.2 10.1 11.2 0 6.5-5.2 11.3-13 11.3C7.3 29.4 2.4 25.7 2.4 20.8'
    'c0-3.6 2.2-5.6 4.9-7.2 4.3-2.6 5.3-6.9 9.6-6.7z"/>'
    '<path class="leaf" d="M16.6 7.1c.5-3.5 4.2-5.3 8-5.2-.4 3.4-3.6 6-8 5.2z"/>'
    '<path fill="none" stroke="#FDF0DA" stroke-width="2.1" stroke-linecap="round" d="M24.4 16.2c.3 2.8-1 5.8-3.6 7.7"/></svg>'
)


def icon(name: str, size: int = 20) -> Markup:
    """An icon by name, 16, 20 or 24 px; hidden from screen readers, since its word stands beside it."""
    return Markup(
        '<svg class="i" width="{0}" height="{0}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{1}"/></svg>'
    ).format(size, _PATHS[name])


def mark(size: int = 30) -> Markup:
    """Xoài's mark."""
    return Markup(_MARK.format(size=size))  # noqa: S704 - a constant with a number put in


def names() -> frozenset[str]:
    """The icons there are."""
    return frozenset(_PATHS)
