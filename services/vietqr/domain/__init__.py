"""VietQR: writing, strict reading, and the bank list. Nothing here talks to a network or a database."""

from services.vietqr.domain.banks import Bank, BankList, bank_of
from services.vietqr.domain.code import AdditionalData, Code, Initiation, Service
from services.vietqr.domain.decode import Decoded, decode
from services.vietqr.domain.encode import encode, purpose
from services.vietqr.domain.errors import BadCode

__all__ = [
    "AdditionalData",
    "BadCode",
    "Bank",
    "BankList",
    "Code",
    "Decoded",
    "Initiation",
    "Service",
    "bank_of",
    "decode",
    "encode",
    "purpose",
]
