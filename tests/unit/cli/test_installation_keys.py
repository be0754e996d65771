"""The keys of an installation on one machine."""

from __future__ import annotations

import json
from pathlib import Path

from cli.platform.keys import keys
from kit.signing import Signer


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    """The same at each start; the signing key is one that signs."""
    made = keys(tmp_path / "run")
    assert keys(tmp_path / "run") == made
    assert (tmp_path / "run" / "keys.json").stat().st_mode & 0o777 == 0o600
    assert Signer(made["XOAI_RECEIPT_KEY"]).key_id


def test_an_older_installation_gets_the_key_that_it_lacks_and_keeps_the_others(tmp_path: Path) -> None:
    """With another data key its stored secrets could not be opened any more."""
    old = {"XOAI_SUBJECT_KEY": "subject", "XOAI_DATA_KEY": "data"}
    (tmp_path / "keys.json").write_text(json.dumps(old))
    found = keys(tmp_path)
    assert old.items() <= found.items()
    assert set(found) == {"XOAI_SUBJECT_KEY", "XOAI_DATA_KEY", "XOAI_RECEIPT_KEY"}
    assert keys(tmp_path) == found
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
