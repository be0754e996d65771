"""Fields of forms as people type them: days, amounts, quantities, per cent; what is wrong is kept by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from starlette.datastructures import FormData

from gateway import formats
from gateway.page import Page
from kit.errors import Error
from kit.money import parse_vnd

_PER_CENT: Final = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")
_QUANTITY: Final = re.compile(r"(\d{1,6})(?:[.,](\d{1,3}))?")
_TYPED_MOST: Final = 500


class Fields:
    """What was sent, and what is wrong with it. A page with `errors` shows the same form again."""

    def __init__(self, page: Page, form: FormData) -> None:
        self._page = page
        self._form = form
        self.errors: dict[str, str] = {}

    @property
    def request_id(self) -> str:
        """The form's idempotency key; empty if it is missing, which services refuse."""
        return self.text("request_id")

    def text(self, name: str, missing: str = "") -> str:
        """A text without blanks around it; if it is empty, `missing` is the error."""
        value = self._form.get(name, "")
        typed = value.strip()[:_TYPED_MOST] if isinstance(value, str) else ""
        if missing and not typed:
            self.errors[name] = missing
        return typed

    def several(self, name: str) -> list[str]:
        """The ticked values of a name."""
        return [value for value in self._form.getlist(name) if isinstance(value, str)]

    def values(self) -> dict[str, str]:
        """Everything that was typed, to show it again."""
        return {name: value for name, value in self._form.multi_items() if isinstance(value, str)}

    def day(self, name: str, missing: str = "") -> str:
        """A day such as 30/11/2026, in ISO form; empty if it is wrong or not given."""
        typed = self.text(name, missing)
        if not typed:
            return ""
        iso = formats.birth_date(typed)
        try:
            return date.fromisoformat(iso).isoformat()
        except ValueError:
            self.errors[name] = self._page.gettext("Ghi ngày có thật, như 30/11/2026")
            return ""

    def amount(self, name: str, missing: str = "") -> int:
        """Whole đồng, such as 28.000; 0 if it is wrong or not given."""
        typed = self.text(name, missing)
        if not typed:
            return 0
        try:
            return parse_vnd(typed)
        except Error as error:
            self.errors[name] = self._page.error_text(error)
            return 0

    def quantity(self, name: str) -> int:
        """Thousandths of a quantity such as 21 or 1,5; one if it is not given."""
        typed = self.text(name)
        if not typed:
            return 1000
        match = _QUANTITY.fullmatch(typed)
        if match is None:
            self.errors[name] = self._page.gettext("Ghi số như 21 hoặc 1,5")
            return 0
        return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))

    def per_cent(self, name: str, missing: str) -> int:
        """Hundredths of a per cent, from 0,01 to 100."""
        typed = self.text(name, missing)
        match = _PER_CENT.fullmatch(typed)
        hundredths = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
        if typed and not 0 < hundredths <= 10_000:
            self.errors[name] = self._page.gettext("Ghi từ 0 đến 100, như 50 hoặc 33,5")
        return hundredths

    def refuse(self, error: Error, places: Mapping[str, str], otherwise: str) -> None:
        """Put what a service refused at the field that it is about. Raises what no form can mend."""
        if error.http_status >= 500 or error.http_status in (401, 403, 404):
            raise error
        if error.violations:
            for item in error.violations:
                text = item.en if self._page.locale == "en" else item.vi
                self.errors[places.get(item.field, otherwise)] = text
            return
        self.errors[places.get(error.metadata.get("field", ""), otherwise)] = self._page.error_text(error)


async def fields_of(page: Page) -> Fields:
    """The fields that were sent to a page."""
    return Fields(page, await page.form())
