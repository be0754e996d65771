"""The process that reads one file for `receipt_files`: a PDF on standard input, its attachment and digest back.

Exit code 0 with a `ReceiptFile` on standard output; 1 with a `Failure`; anything else is a process that its limits ended.
"""

from __future__ import annotations

import os
import sys
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


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason of a refusal."""

    reason: str


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


def main() -> int:
    """Read the file, answer, and end."""
    apart.restrict(memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
    # Imported under the limits: no code that touches the file ever runs without them.
    from services.documents.receipt_files import ReceiptFileRefused, ReceiptFileTooHeavy

    code = 0
    try:
        answer = msgspec.json.encode(read(sys.stdin.buffer.read()))
    except ReceiptFileRefused as refusal:
        code, answer = 1, msgspec.json.encode(Failure(refusal.reason))
    except (MemoryError, RecursionError):
        code, answer = 1, msgspec.json.encode(Failure(ReceiptFileTooHeavy.reason))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
