"""Sending the administrator's forms, and reading what a page says."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx


def said(answer: httpx.Response) -> str:
    """What a reader sees, blanks made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " ").split())


def send(
    desk: httpx.Client, path: str, page: str = "", file: str | None = None, **fields: Any
) -> httpx.Response:
    """A form of a page, sent to its address."""
    token = desk.get(page or path).text.split('name="form_token" value="')[1].split('"')[0]
    files = {"tep": ("danh-sach.csv", file.encode())} if file is not None else None
    data = {"form_token": token, "request_id": str(uuid.uuid4()), **fields}
    return desk.post(path, data=data, files=files)
