"""The stall screen's shell: the same for everybody, kept by the phone, and nothing with money beside it."""

from __future__ import annotations

import json
import re

import httpx

from gateway.assets import FOLDER, Assets
from kit.speech import CLIPS
from tests.support.fake_platform import FakePlatform
from tests.support.stall_phone import pair


def kept_of(client: httpx.Client, lang: str = "vi") -> dict[str, object]:
    """What the service worker keeps."""
    script = client.get(f"/quay-hang/sw.js?lang={lang}").text
    found: dict[str, object] = json.loads(
        script.split("\n")[0].removeprefix("const KEPT = ").removesuffix(";")
    )
    return found


def test_the_shell_is_the_same_for_a_visitor_and_for_a_paired_phone(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """It holds no stall, no token and no cookie; the camera may be asked for, here and on no other page."""
    before = client.get("/quay-hang")
    pair(client, platform.stalls.open_pairing(platform.stalls.add_stall()))
    after = client.get("/quay-hang")
    assert before.text == after.text
    assert "set-cookie" not in after.headers
    assert "form_token" not in after.text
    assert "camera=(self)" in after.headers["permissions-policy"]
    assert "camera=()" in client.get("/quay").headers["permissions-policy"]
    assert "worker-src 'self'" in after.headers["content-security-policy"]


def test_modules_name_each_other_by_their_fingerprints(client: httpx.Client) -> None:
    """Whoever has one module finds exactly those that it was written with."""
    html = client.get("/quay-hang").text
    scripts = re.findall(r'(?:src|href)="(/static/stall[^"]*\.js)"', html)
    assert len(scripts) == 6
    for path in scripts:
        text = client.get(path).text
        for imported in re.findall(r'(?:from |import\()"([^"]+)"', text):
            assert re.fullmatch(r"/static/stall-\w+\.[0-9a-f]{12}\.js", imported), (path, imported)
            assert client.get(imported).status_code == 200


def test_the_worker_keeps_files_and_never_an_answer(client: httpx.Client) -> None:
    """Shell, scripts, styles, icons and every clip, by names that change with their content; no path of the API."""
    answer = client.get("/quay-hang/sw.js?lang=vi")
    assert answer.headers["service-worker-allowed"] == "/quay-hang"
    kept = kept_of(client)
    files = kept["files"]
    assert isinstance(files, list)
    assert all(re.fullmatch(r"/static/[\w-]+\.[0-9a-f]{12}\.\w+", path) for path in files)
    assert sum("/voice-" in path for path in files) == len(CLIPS)
    for path in files:
        assert client.get(path).status_code == 200
    assert kept["version"] != kept_of(client, "en")["version"]
    assert kept["version"] == kept_of(client)["version"]


def test_the_manifest_installs_the_screen(client: httpx.Client) -> None:
    """Name, start, scope and icons that exist."""
    answer = client.get("/quay-hang/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "/quay-hang",
        "/quay-hang",
        "standalone",
    )
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200


def test_scripts_and_styles_stay_within_their_budget(client: httpx.Client) -> None:
    """At most 35 KB of scripts with what is loaded later, 8 requests for the shell."""
    assets = Assets()
    names = [name for name in assets.names() if name.startswith("stall") and name.endswith(".js")]
    assert sum(assets.size(name) for name in names) <= 35 * 1024
    html = client.get("/quay-hang").text
    needed = set(re.findall(r'"(/static/[^"]+\.(?:css|js))"', html.split("</head>")[0]))
    assert len(needed) + 1 <= 8, needed


def test_no_page_listens_for_pushes(client: httpx.Client) -> None:
    """No script subscribes to a vendor's push service, and the worker answers nothing that such a service would send."""
    worker = client.get("/quay-hang/sw.js").text
    scripts = [path for path in FOLDER.iterdir() if path.suffix == ".js"]
    texts = [worker, *(path.read_text() for path in scripts)]
    assert len(texts) > 10
    assert not [
        text for text in texts if re.search(r"pushManager|PushManager|[\"']push[\"']|Notification\b", text)
    ]
