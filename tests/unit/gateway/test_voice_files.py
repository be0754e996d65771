"""The sound files that a stall's phone loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.assets import FOLDER, Assets
from kit.speech import CLIPS

MOST_BYTES = 80_000
# MPEG-2 layer III at 16 kHz: kbit/s by index, samples a frame.
_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLES, _FREQUENCY = 576, 16_000


def seconds(path: Path) -> float:
    """How long a clip lasts, by walking over its frames to the last byte."""
    content, place, frames = path.read_bytes(), 0, 0
    while place < len(content):
        header = int.from_bytes(content[place : place + 4], "big")
        assert header >> 21 == 0x7FF, f"{path.name}: no frame at byte {place}"
        assert header >> 17 & 0b1111 == 0b1001, f"{path.name}: not MPEG-2 layer III"
        assert header >> 10 & 0b11 == 2, f"{path.name}: not 16 kHz"
        assert header >> 6 & 0b11 == 3, f"{path.name}: not mono"
        place += 72 * _RATES[header >> 12 & 0xF] * 1000 // _FREQUENCY + (header >> 9 & 1)
        frames += 1
    assert place == len(content), f"{path.name}: its last frame is cut off"
    return frames * _SAMPLES / _FREQUENCY


def test_every_clip_has_its_file() -> None:
    """No clip name without a sound, no sound without a name."""
    assert {path.stem for path in FOLDER.glob("voice/*.mp3")} == set(CLIPS)


@pytest.mark.parametrize("name", CLIPS)
def test_each_file_is_whole_and_short(name: str) -> None:
    """Frames from the first byte to the last; a word of one syllable takes about half a second at most."""
    length = seconds(FOLDER / "voice" / f"{name}.mp3")
    syllables = len(CLIPS[name].split())
    assert 0.15 <= length <= 0.25 + 0.3 * syllables


def test_all_together_stay_light() -> None:
    """A phone downloads the whole voice with less than 80 KB."""
    assert sum(path.stat().st_size for path in FOLDER.glob("voice/*.mp3")) <= MOST_BYTES


def test_each_is_served() -> None:
    """A clip has a fingerprinted address, so that a replaced recording is loaded anew."""
    assets = Assets()
    for name in CLIPS:
        assert assets.url(f"voice-{name}.mp3").startswith(f"/static/voice-{name}.")
