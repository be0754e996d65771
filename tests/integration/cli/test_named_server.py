"""A platform on the PostgreSQL server that DATABASE_URL names: used, never stopped, never shared by two installations."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cli.platform.embedded import Embedded
from cli.platform.server import DatabaseAway, OtherInstallation
from kit import postgres


def test_life_on_a_named_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform lives in its databases there, finds them again, and another installation is refused."""
    named = postgres.start(tmp_path / "theirs", fsync=False, settings={"shared_buffers": "32MB"})
    try:
        monkeypatch.setenv("DATABASE_URL", named.dsn("postgres", tcp=True))
        for _ in range(2):
            platform = Embedded(tmp_path / "ours", mode="test", port=0, with_sandbox=False)
            platform.start()
            try:
                assert httpx.get(f"{platform.url}/readyz", timeout=30).status_code == 200
                assert platform.tend() == []
            finally:
                platform.stop()
            assert not (tmp_path / "ours" / "postgres").exists()
            assert named.pid() is not None
        with pytest.raises(OtherInstallation):
            Embedded(tmp_path / "another", mode="test", port=0).start()
    finally:
        named.stop()
    with pytest.raises(DatabaseAway) as caught:
        Embedded(tmp_path / "ours", mode="test", port=0).start()
    assert "\n" not in caught.value.text_vi
