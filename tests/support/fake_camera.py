"""A phone with a camera that looks at a board: Chromium's own fake camera plays a picture of a code, zbar reads its frames.

Desktop Chromium has no BarcodeDetector of its own: what a phone's system does there is done by zbar here, on the very
pixels that the page took from the camera.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import qrcode
from playwright.sync_api import Browser, BrowserContext, Page
from qrcode.image.svg import SvgPathImage

_FRAMES: Final = 10
_READER: Final = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(source) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    canvas.getContext("2d").drawImage(source, 0, 0);
    return (await readCode(canvas.toDataURL().split(",")[1])).map((rawValue) => ({ rawValue }));
  }
};
"""


def photograph(browser: Browser, payload: str) -> bytes:
    """What a camera sees in front of a board, as JPEG: the code, not quite straight, on a grey ground; or only the ground."""
    drawn = qrcode.make(payload, image_factory=SvgPathImage).to_string().decode() if payload else ""
    page = browser.new_page(viewport={"width": 640, "height": 480})
    page.set_content(
        f"<body style='background:#9A968C'><div style='background:#fff;width:380px;margin:42px auto;rotate:6deg'>{drawn}</div>"
        "<style>svg{display:block;width:100%;height:auto}</style>"
    )
    picture = page.screenshot(type="jpeg", quality=92)
    page.close()
    return picture


@contextmanager
def camera_phone(
    browser: Browser, folder: Path, payload: str, *, allowed: bool = True
) -> Iterator[BrowserContext]:
    """A browser of its own whose camera sees `payload`. `allowed`: the person lets pages use it."""
    film = folder / "board.mjpeg"
    film.write_bytes(photograph(browser, payload) * _FRAMES)
    looking = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    try:
        context = looking.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN")
        context.set_default_timeout(10_000)
        if allowed:
            context.grant_permissions(["camera"])
        yield context
    finally:
        looking.close()


def give_reader(page: Page) -> None:
    """Make the page's browser one that reads codes."""
    page.expose_function("readCode", _read)
    page.add_init_script(_READER)


def _read(picture: str) -> list[str]:
    reading = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-"],
        input=base64.b64decode(picture),
        capture_output=True,
        check=False,
        timeout=20,
    )
    return reading.stdout.decode().splitlines()
