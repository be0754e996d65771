"""A receipt's file that somebody hands in, read in a process of its own (`kit.apart`), and why one is refused."""

from __future__ import annotations

from typing import Final

import msgspec

from kit import apart
from kit.errors import InvalidArgument
from kit.readers import Reader
from services.documents.receipt_file import ReceiptFile

# A printed receipt has 40 kB.
FILE_LIMIT: Final = 5 * 1024 * 1024


class ReceiptFileRefused(InvalidArgument):
    """Base of all refusals of a file."""

    reason = "RECEIPT_FILE_REFUSED"
    vi = "Không đọc được tệp này."
    en = "This file cannot be read."


class ReceiptFileTooLarge(ReceiptFileRefused):
    reason = "RECEIPT_FILE_TOO_LARGE"
    vi = "Tệp lớn quá {limit_mb} MB. Biên nhận chỉ vài chục kB: xin tải lại từ trang của phiếu."
    en = "The file is larger than {limit_mb} MB. A receipt has some tens of kB: download it again from the bill's page."


class ReceiptFileForeign(ReceiptFileRefused):
    reason = "RECEIPT_FILE_FOREIGN"
    vi = "Tệp này không phải biên nhận điện tử có chữ ký: ảnh chụp, bản quét và bản in lại không kiểm được."
    en = "This file is no signed electronic receipt: photographs, scans and files printed anew cannot be verified."


class ReceiptFileEncrypted(ReceiptFileRefused):
    reason = "RECEIPT_FILE_ENCRYPTED"
    vi = "Tệp PDF có mật khẩu hoặc bị khoá. Biên nhận gốc không khoá: xin tải lại từ trang của phiếu."
    en = "The PDF has a password or is locked. A genuine receipt is not: download it again from the bill's page."


class ReceiptFileDamaged(ReceiptFileRefused):
    reason = "RECEIPT_FILE_DAMAGED"
    vi = "Tệp PDF bị hỏng. Xin tải lại từ trang của phiếu."
    en = "The PDF is damaged. Download it again from the bill's page."


class ReceiptFileTooHeavy(ReceiptFileRefused):
    reason = "RECEIPT_FILE_TOO_HEAVY"
    vi = "Đọc tệp này tốn quá nhiều thời gian hoặc bộ nhớ nên đã dừng: đây không phải biên nhận."
    en = "Reading this file took too much time or memory and was stopped: it is no receipt."


_REFUSALS: Final = {
    refusal.reason: refusal
    for refusal in (ReceiptFileForeign, ReceiptFileEncrypted, ReceiptFileDamaged, ReceiptFileTooHeavy)
}
_READER: Final = Reader(
    apart.command("services.documents.receipt_file"),
    seconds=20,
    refusals=_REFUSALS,
    too_heavy=ReceiptFileTooHeavy,
    damaged=lambda _: ReceiptFileDamaged(),
)


def read_limited(content: bytes) -> ReceiptFile:
    """The statement and the page's digest of a receipt's PDF, or of its attachment alone. Raises ReceiptFileRefused."""
    if len(content) > FILE_LIMIT:
        raise ReceiptFileTooLarge(limit_mb=FILE_LIMIT >> 20)
    return msgspec.json.decode(_READER.read(content), type=ReceiptFile)
