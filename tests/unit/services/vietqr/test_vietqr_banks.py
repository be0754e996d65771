"""The bank list: dated data, keyed by BIN."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.vietqr.domain import bank_of, banks
from services.vietqr.domain.errors import UnknownBank


def test_the_list_that_came_with_the_product() -> None:
    """66 members, each with six digits, its sources and its day."""
    found = banks.load()
    assert len(found.by_bin) == 66
    assert found.collected_date.isoformat() == "2026-11-22"
    assert len(found.sources) >= 4
    assert all(len(bin_code) == 6 and bin_code.isdigit() for bin_code in found.by_bin)
    assert sum(not bank.confirmed for bank in found.by_bin.values()) == 18
    assert sum(not bin_code.startswith("9704") for bin_code in found.by_bin) == 10


def test_a_bank() -> None:
    """Names, flags and whether more than one table knows it."""
    bank = bank_of("970436")
    assert (bank.code, bank.swift, bank.transfer_supported, bank.confirmed) == ("VCB", "BFTVVNVX", True, True)
    assert not bank_of("970467").confirmed
    assert bank_of("970467").transfer_supported is None


def test_short_codes_clash_so_the_list_decides() -> None:
    """A code is what the list itself calls a member, and may stand for two of them."""
    assert [bank.bin for bank in banks.by_code("vcb")] == ["970436"]
    assert [bank.bin for bank in banks.by_code("CIMB")] == ["422589", "970459"]


def test_unknown_banks() -> None:
    """An unknown BIN or code is an error that names it."""
    assert banks.find("000000") is None
    for ask in (lambda: bank_of("000000"), lambda: banks.by_code("nobank")):
        with pytest.raises(UnknownBank):
            ask()


def test_a_newer_edition(tmp_path: Path) -> None:
    """Names change more often than the product: another file of the same form can be given."""
    row = {
        "bin": "970499", "code": "NEW", "short_name": "New", "name": "Ngân hàng Mới", "transfer_supported": True,
        "lookup_supported": None, "swift": None, "other_codes": ["N"],
    }  # fmt: skip
    file = tmp_path / "banks.json"
    source = {"derived_from": "a letter of the network", "compared_with": [], "collected": "2027-01-05"}
    file.write_text(json.dumps({"source": source, "banks": [row]}), encoding="utf-8")
    found = banks.load(file)
    assert found.by_bin["970499"].other_codes == ("N",)
    assert found.by_bin["970499"].confirmed
    assert found.collected_date.year == 2027
