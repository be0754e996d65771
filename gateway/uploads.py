"""A list that somebody chooses on a page: at most 10 MB, in the form's field `tep`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile

from gateway.access import Access
from gateway.fields import Fields
from gateway.guards import page_guard
from gateway.page import Page
from gateway.state import state_of
from gateway.viewers import check_origin

MOST_BYTES: Final = 10 * 1024 * 1024
# The other fields of the form and the boundaries between them.
_AROUND: Final = 64 * 1024


def upload_guard(access: Access) -> Callable[[Request], Awaitable[None]]:
    """As for every page, but a file that says that it is too large is not read at all."""
    usual = page_guard(access)

    async def guard(request: Request) -> None:
        said = request.headers.get("content-length", "")
        request.state.is_too_large = (
            request.method == "POST" and said.isdecimal() and int(said) > MOST_BYTES + _AROUND
        )
        if not request.state.is_too_large:
            await usual(request)
            return
        # Nothing is done with such a request, so the form's token is not needed; who asks and from where is.
        state = state_of(request)
        request.state.viewer = await state.viewers.resolve(request)
        access.admit(request.state.viewer)
        check_origin(request, state.settings.public_url)

    return guard


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: the form's fields (with an error if there is no file to read), the file's name and content."""

    fields: Fields
    name: str
    content: bytes


def too_large(page: Page) -> dict[str, str]:
    """The errors of a form whose file was not read at all, as the guard found."""
    return {"tep": page.gettext("Tệp lớn hơn 10 MB. Bỏ hình ảnh, trang thừa, hoặc chia thành nhiều tệp.")}


async def upload_of(page: Page) -> Upload:
    """The form with its file."""
    form = await page.form()
    fields = Fields(page, form)
    file = form.get("tep")
    content, name = b"", ""
    if isinstance(file, UploadFile):
        name = file.filename or ""
        content = await file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        fields.errors |= too_large(page)
    elif not content:
        fields.errors["tep"] = page.gettext("Chọn một tệp .xlsx, .xls hoặc .csv có nội dung")
    return Upload(fields, name, content)
