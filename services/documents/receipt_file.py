"""The process that reads one file for `receipt_files`: a PDF on standard input, its attachment and digest back."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import msgspec

from kit import apart

# The name under which a receipt carries its signed statement.
ATTACHMENT: Final = "bien-nhan.json"
ATTACHMENT_LIMIT: Final = 64 * 1024
MEMORY_LIMIT: Final = 384 * 1024 * 1024
CPU_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """What a file holds: the signed statement, not yet checked, and of a PDF the digest of its page."""

    attachment: bytes
    page_digest: bytes | None


def read(content: bytes) -> ReceiptFile:
    """Read a PDF, or the attachment alone. Raises a refusal of `receipt_files`."""
    import pikepdf

    from services.documents.page_digest import TooManyObjects, page_digest
    from services.documents.receipt_files import (
        ReceiptFileDamaged,
        ReceiptFileEncrypted,
        ReceiptFileForeign,
        ReceiptFileTooHeavy,
    )

    if content.lstrip()[:1] == b"{":
        if len(content) > ATTACHMENT_LIMIT:
            raise ReceiptFileForeign()
        return ReceiptFile(content, None)
    if b"%PDF-" not in content[:1024]:
        raise ReceiptFileForeign()
    try:
        # Whatever has to be repaired may be repaired otherwise by another program, which then shows another page.
        with pikepdf.open(BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise ReceiptFileEncrypted()
            spec = pdf.attachments.get(ATTACHMENT)
            if spec is None:
                raise ReceiptFileForeign()
            attached = spec.get_file().read_bytes()
            if len(attached) > ATTACHMENT_LIMIT:
                raise ReceiptFileForeign()
            found = ReceiptFile(attached, page_digest(pdf))
            if pdf.get_warnings():
                raise ReceiptFileDamaged()
            return found
    except pikepdf.PasswordError as error:
        raise ReceiptFileEncrypted() from error
    except TooManyObjects as error:
        raise ReceiptFileTooHeavy() from error
    except (
        pikepdf.PdfError,
        pikepdf.DataDecodingError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:
        # A file can put any object where another one belongs.
        raise ReceiptFileDamaged() from error


def _load() -> apart.Work:
    from services.documents.receipt_files import ReceiptFileRefused, ReceiptFileTooHeavy

    return apart.Work(
        lambda content: msgspec.json.encode(read(content)), ReceiptFileRefused, ReceiptFileTooHeavy
    )


if __name__ == "__main__":
    apart.answer(_load, memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
