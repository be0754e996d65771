"""The sound clips in a real browser: each decodes by Web Audio and holds sound at one loudness."""

from __future__ import annotations

import base64
from collections.abc import Callable

from playwright.sync_api import Page

from gateway.assets import FOLDER
from kit.speech import CLIPS

_DECODE = """async (clips) => {
  const context = new OfflineAudioContext(1, 16000, 16000), heard = {};
  for (const [name, text] of Object.entries(clips)) {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const sound = await context.decodeAudioData(bytes.buffer);
    const samples = sound.getChannelData(0);
    let square = 0, first = samples.length;
    samples.forEach((each, place) => {
      square += each * each;
      if (Math.abs(each) > 0.03 && place < first) first = place;
    });
    heard[name] = [sound.duration, Math.sqrt(square / samples.length), first / 16000];
  }
  return heard;
}"""


def test_each_clip_decodes(open_page: Callable[..., Page]) -> None:
    """Every clip gives sound, as loud as the others, and begins at once."""
    clips = {name: base64.b64encode((FOLDER / f"voice/{name}.mp3").read_bytes()).decode() for name in CLIPS}
    heard = open_page().evaluate(_DECODE, clips)
    assert set(heard) == set(CLIPS)
    for name, (duration, loudness, first) in heard.items():
        assert 0.15 <= duration <= 1.2, name
        assert 0.12 <= loudness <= 0.3, (name, loudness)
        assert first <= 0.12, (name, first)
