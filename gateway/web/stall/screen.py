"""The stall phone's shell, its manifest and its service worker: nothing of any stall is in them, so a phone may keep them."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from gateway.access import PUBLIC
from gateway.assets import Assets
from gateway.defence import PERMISSIONS_POLICY_CAMERA
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from kit import speech
from kit.speech import Speech

routes = page_routes()
_SCOPE: Final = "/quay-hang"
_MODULES: Final = (
    "stall-api.js",
    "stall-live.js",
    "stall-money.js",
    "stall-screens.js",
    "stall-voice.js",
)
_LATER: Final = ("stall-day.js", "stall-check.js", "scan.js", "stall-icon-192.png")
# A browser asks for the worker at each opening; within the hour it need not.
_WORKER_CACHE: Final = "public, max-age=3600"


def _sentence(said: Speech) -> dict[str, Any]:
    return {"clips": said.clips, "text": said.text}


def _voice(assets: Assets) -> dict[str, str]:
    return {clip: assets.url(f"voice-{clip}.mp3") for clip in speech.CLIPS}


def _facts(page: Page) -> dict[str, Any]:
    """What the scripts need to know besides the texts."""
    return {
        "voice": _voice(page.state.assets),
        "worker": f"{_SCOPE}/sw.js?lang={page.locale}",
        "says": {
            "not_received": _sentence(speech.not_received()),
            "not_confirmed": _sentence(speech.not_confirmed()),
            "sound_check": _sentence(speech.sound_check()),
        },
    }


def _shell(page: Page) -> Response:
    response = page.render("stall/screen.html", modules=_MODULES, facts=_facts(page))
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY_CAMERA
    return response


@routes.get(_SCOPE, PUBLIC, include_in_schema=False)
async def screen(page: CurrentPage) -> Response:
    """The screen; a phone that is not paired is told so by what it asks for next."""
    response = _shell(page)
    response.headers["Cache-Control"] = "no-cache"
    return response


@routes.get(f"{_SCOPE}/sw.js", PUBLIC, include_in_schema=False)
async def worker(page: CurrentPage) -> Response:
    """The worker with the list of files that it keeps; other files make another worker, and so a new copy."""
    assets = page.state.assets
    files = [
        *(assets.url(name) for name in ("stall.css", "mark.svg", "stall.js", *_MODULES, *_LATER)),
        *_voice(assets).values(),
    ]
    shell = bytes(_shell(page).body)
    kept = {
        "version": hashlib.sha256(b"\n".join([shell, *map(str.encode, files)])).hexdigest()[:16],
        "shell": f"{_SCOPE}?lang={page.locale}",
        "files": files,
    }
    script = f"const KEPT = {json.dumps(kept)};\n{assets.text('stall-worker.js')}"
    headers = {"Service-Worker-Allowed": _SCOPE, "Cache-Control": _WORKER_CACHE}
    return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)


@routes.get(f"{_SCOPE}/manifest.webmanifest", PUBLIC, include_in_schema=False)
async def manifest(page: CurrentPage) -> Response:
    """By this a phone installs the screen."""
    assets = page.state.assets
    icon = {"type": "image/png", "purpose": "any maskable"}
    content = {
        "id": _SCOPE,
        "name": page.gettext("Xoài, quầy hàng"),
        "short_name": page.gettext("Quầy hàng"),
        "lang": page.locale,
        "start_url": _SCOPE,
        "scope": _SCOPE,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#F6F5F0",
        "theme_color": "#FFFFFF",
        "icons": [
            {"src": assets.url("mark.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": assets.url("stall-icon-192.png"), "sizes": "192x192", **icon},
            {"src": assets.url("stall-icon-512.png"), "sizes": "512x512", **icon},
        ],
    }
    headers = {"Cache-Control": "public, max-age=3600"}
    return JSONResponse(content, headers=headers, media_type="application/manifest+json")
