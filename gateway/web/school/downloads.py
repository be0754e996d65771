"""Files that services send in pieces, handed on as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from google.protobuf.message import Message
from starlette.responses import Response, StreamingResponse

from gateway.page import Page
from kit.errors import NotFound
from kit.text import fold
from xoai.common.v1 import common_pb2


def disposition(name: str, *, inline: bool = False) -> str:
    """The header that names a file, in ASCII and as it is (RFC 6266)."""
    # A slash would be a folder.
    shown = name.replace("/", "-").replace("\\", "-")
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in fold(shown))
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


async def send_file(
    page: Page, method: Any, request: Message, *, name: str = "", timeout: float = 60.0, inline: bool = False
) -> Response:
    """The file of a streaming method. Raises errors of ours before anything is sent. `timeout` in seconds."""
    pieces = page.state.clients.stream(method, request, page.viewer.token, timeout=timeout)
    return await answer(pieces, name=name, inline=inline)


async def answer(
    pieces: AsyncIterator[common_pb2.FileChunk], *, name: str = "", inline: bool = False
) -> Response:
    """Pieces as one answer; the first is awaited, so that an error is still a page. Raises NotFound for none."""
    first = await anext(pieces, None)
    if first is None:
        raise NotFound()

    async def rest() -> AsyncIterator[bytes]:
        yield first.content
        async for piece in pieces:
            yield piece.content

    headers = {"Content-Disposition": disposition(name or first.file_name or "tep", inline=inline)}
    media_type = first.media_type or "application/octet-stream"
    return StreamingResponse(rest(), media_type=media_type, headers=headers)
