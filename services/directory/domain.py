"""Facts and rules of the directory: accounts with two persons and a cooling-off, passwords, sessions."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit import errors

# An organisation that receives already waits this long before another account receives in its place.
COOLING_OFF: Final = timedelta(hours=24)
INVITATION_LIFETIME: Final = timedelta(days=7)
IDLE_WITH_MONEY: Final = timedelta(minutes=15)
IDLE_VIEWING: Final = timedelta(hours=8)
SESSION_LIFETIME: Final = timedelta(hours=12)
PASSWORD_LENGTH: Final = 12
PASSWORD_LONGEST: Final = 128
FAILURES_PER_ACCOUNT: Final = 5
FAILURES_PER_ADDRESS: Final = 30
FAILURE_WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_SECOND_FACTOR: Final = 5

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9]{1,19}")
_BIN: Final = re.compile(r"[0-9]{6}")
_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,}")
_PHONE: Final = re.compile(r"(?:\+?84|0)([35789][0-9]{8})")


class OrganisationKind(StrEnum):
    SCHOOL = "school"
    UTILITY = "utility"
    TAX_OFFICE = "tax_office"
    AGENCY = "agency"
    MERCHANT = "merchant"
    CITY = "city"


class AccountState(StrEnum):
    PROPOSED = "proposed"
    COOLING = "cooling"
    ACTIVE = "active"
    REJECTED = "rejected"
    RETIRED = "retired"


class NoticeKind(StrEnum):
    """What every member of an organisation is told about its accounts."""

    PROPOSED = "account_proposed"
    APPROVED = "account_approved"
    REJECTED = "account_rejected"
    IN_FORCE = "account_in_force"
    RETIRED = "account_retired"


class SecondFactorState(StrEnum):
    """How far a session is with the second factor."""

    NOT_NEEDED = "not_needed"
    TO_ENROL = "to_enrol"
    TO_PROVE = "to_prove"
    PROVED = "proved"


ACCOUNT_TRANSITIONS: Final[dict[AccountState, frozenset[AccountState]]] = {
    AccountState.PROPOSED: frozenset({AccountState.COOLING, AccountState.ACTIVE, AccountState.REJECTED}),
    AccountState.COOLING: frozenset({AccountState.ACTIVE, AccountState.REJECTED}),
    AccountState.ACTIVE: frozenset({AccountState.RETIRED}),
    AccountState.REJECTED: frozenset(),
    AccountState.RETIRED: frozenset(),
}


class OrganisationNotFound(errors.NotFound):
    reason = "ORGANISATION_NOT_FOUND"
    vi = "Không tìm thấy đơn vị này."
    en = "This organisation could not be found."


class OrganisationCodeTaken(errors.AlreadyExists):
    reason = "ORGANISATION_CODE_TAKEN"
    vi = "Mã đơn vị “{code}” đã có. Xin chọn mã khác."
    en = "The organisation code “{code}” is taken. Choose another."


class OrganisationChanged(errors.Aborted):
    reason = "ORGANISATION_CHANGED"
    vi = "Có người vừa sửa đơn vị này. Xin tải lại rồi sửa."
    en = "Somebody changed this organisation just now. Reload, then edit."


class BadField(errors.InvalidArgument):
    reason = "BAD_FIELD"
    vi = "{what_vi}"
    en = "{what_en}"


class AccountNotFound(errors.NotFound):
    reason = "ACCOUNT_NOT_FOUND"
    vi = "Không tìm thấy tài khoản nhận tiền này."
    en = "This receiving account could not be found."


class AccountKnown(errors.AlreadyExists):
    reason = "ACCOUNT_KNOWN"
    vi = "Tài khoản {account_number} đã được khai. Xin xem danh sách tài khoản."
    en = "The account {account_number} is registered already. See the list of accounts."


class SamePerson(errors.FailedPrecondition):
    reason = "SECOND_PERSON_NEEDED"
    vi = "Người đề nghị không được tự duyệt. Xin nhờ người thứ hai."
    en = "Whoever proposed this cannot approve it. A second person has to."


class AccountStateForbids(errors.FailedPrecondition):
    reason = "ACCOUNT_STATE"
    vi = "Tài khoản đang ở trạng thái “{state}”, không làm được việc này."
    en = "The account is “{state}”; this is not possible now."


class PersonNotFound(errors.NotFound):
    reason = "PERSON_NOT_FOUND"
    vi = "Không tìm thấy người này."
    en = "This person could not be found."


class LoginRefused(errors.Unauthenticated):
    reason = "LOGIN_REFUSED"
    vi = "Tên đăng nhập và mật khẩu không khớp nhau."
    en = "Login name and password do not match."


class TooManyFailures(errors.ResourceExhausted):
    reason = "TOO_MANY_LOGINS"
    vi = "Sai quá nhiều lần. Xin đợi 15 phút rồi thử lại, hoặc nhờ quản trị đặt lại mật khẩu."
    en = "Too many failed tries. Wait 15 minutes, or ask an administrator to reset the password."


class SessionEnded(errors.Unauthenticated):
    reason = "SESSION_ENDED"
    vi = "Phiên làm việc đã hết. Xin đăng nhập lại."
    en = "The session has ended. Sign in again."


class InvitationEnded(errors.FailedPrecondition):
    reason = "INVITATION_ENDED"
    vi = "Lời mời này đã dùng hoặc đã hết hạn. Xin nhờ quản trị mời lại."
    en = "This invitation was used or has expired. Ask an administrator for a new one."


class WeakPassword(errors.InvalidArgument):
    reason = "WEAK_PASSWORD"
    vi = "Mật khẩu cần ít nhất 12 ký tự và không phải mật khẩu hay gặp. Vài từ ghép lại là tốt."
    en = "The password needs at least 12 characters and must not be a common one. Several words together are good."


class LastAdministrator(errors.FailedPrecondition):
    reason = "LAST_ADMINISTRATOR"
    vi = "Đây là quản trị cuối cùng của thành phố. Xin giao quyền cho người khác trước."
    en = "This is the city's last administrator. Give the role to somebody else first."


class PersonBelongsElsewhere(errors.PermissionDenied):
    reason = "PERSON_BELONGS_ELSEWHERE"
    vi = "Người này còn làm ở đơn vị khác. Xin nhờ quản trị thành phố."
    en = "This person works for other organisations as well. Ask the city's administrator."


class NotYourself(errors.FailedPrecondition):
    reason = "NOT_YOURSELF"
    vi = "Việc này không tự làm cho mình được. Xin nhờ một quản trị khác."
    en = "This cannot be done for yourself. Ask another administrator."


class CodeRefused(errors.InvalidArgument):
    reason = "CODE_REFUSED"
    vi = "Mã 6 số chưa đúng hoặc đã dùng rồi. Xin nhập mã mới đang hiện trong ứng dụng."
    en = "The 6-digit code is wrong or was used already. Give the new one that your app shows."


class TooManyCodes(errors.ResourceExhausted):
    reason = "TOO_MANY_CODES_TRIED"
    vi = "Sai mã quá nhiều lần. Xin đợi 15 phút rồi thử lại, hoặc nhờ quản trị đặt lại bước xác thực."
    en = "Too many wrong codes. Wait 15 minutes, or ask an administrator to reset the second factor."


class SecondFactorMissing(errors.FailedPrecondition):
    reason = "SECOND_FACTOR_MISSING"
    vi = "Chưa đăng ký ứng dụng xác thực. Xin đăng nhập lại để đăng ký."
    en = "No authenticator app is enrolled. Sign in again to enrol one."


class SecondFactorThere(errors.FailedPrecondition):
    reason = "SECOND_FACTOR_THERE"
    vi = "Ứng dụng xác thực đã được đăng ký. Mất điện thoại thì nhờ quản trị đặt lại."
    en = "An authenticator app is enrolled already. If the phone is lost, ask an administrator for a reset."


class OnlyInTrial(errors.NotFound):
    reason = "ONLY_IN_TRIAL"
    vi = "Chỉ bản thử mới có mục này."
    en = "Only demo and tests have this."


class ApiKeyNotFound(errors.NotFound):
    reason = "API_KEY_NOT_FOUND"
    vi = "Không tìm thấy khoá này."
    en = "This API key could not be found."


class ApiKeyRefused(errors.Unauthenticated):
    reason = "API_KEY_REFUSED"
    vi = "Khoá API không đúng hoặc đã bị thu hồi."
    en = "The API key is wrong or was revoked."


@dataclass(frozen=True, slots=True)
class Account:
    """A receiving account and how it came to be one."""

    id: UUID
    organisation_id: UUID
    bin: str
    account_number: str
    holder_name: str
    purpose: str
    state: AccountState
    propose_person_id: str
    propose_time: datetime
    version: int = 1
    approve_person_id: str = ""
    approve_time: datetime | None = None
    active_time: datetime | None = None
    retire_time: datetime | None = None
    replaces_account_id: UUID | None = None
    reason: str = ""

    def approved(self, person: str, now: datetime, *, received_before: bool) -> Account:
        """Approved by a second person; in force after the cooling-off.

        At once if the organisation had no account in force when this one was proposed: then nobody could have been
        told to pay to another one.
        """
        if person == self.propose_person_id:
            raise SamePerson()
        waits = COOLING_OFF if received_before else timedelta()
        state = AccountState.COOLING if waits else AccountState.ACTIVE
        return replace(self._to(state), approve_person_id=person, approve_time=now, active_time=now + waits)

    def rejected(self, reason: str) -> Account:
        """Refused while it is proposed or cooling off."""
        return replace(self._to(AccountState.REJECTED), reason=reason)

    def active(self) -> Account:
        """In force, the cooling-off being over."""
        return self._to(AccountState.ACTIVE)

    def retired(self, now: datetime, reason: str) -> Account:
        """No longer asked for; money that still arrives is matched."""
        return replace(self._to(AccountState.RETIRED), retire_time=now, reason=reason)

    def _to(self, state: AccountState) -> Account:
        if state not in ACCOUNT_TRANSITIONS[self.state]:
            raise AccountStateForbids(state=self.state.value)
        return replace(self, state=state, version=self.version + 1)


def check_account(bin: str, account_number: str, holder_name: str) -> None:
    """Raise BadField unless the account can stand in a VietQR (BIN of 6 digits, 1 to 19 letters and digits)."""
    if not _BIN.fullmatch(bin):
        raise BadField(
            field="bin",
            what_vi="Mã ngân hàng (BIN) phải có 6 chữ số.",
            what_en="The bank's BIN must have 6 digits.",
        )
    if not _ACCOUNT.fullmatch(account_number):
        raise BadField(
            field="account_number",
            what_vi="Số tài khoản chỉ gồm 1–19 chữ và số, không dấu cách.",
            what_en="An account number is 1 to 19 letters and digits, without blanks.",
        )
    if not holder_name.strip():
        raise BadField(
            field="holder_name",
            what_vi="Xin ghi tên chủ tài khoản.",
            what_en="Give the account holder's name.",
        )


def check_organisation(name: str, code: str) -> None:
    """Raise BadField unless the organisation has a name and a code of lower-case words joined by hyphens."""
    if not name.strip() or len(name) > 200:
        raise BadField(
            field="name",
            what_vi="Xin ghi tên đơn vị (tới 200 ký tự).",
            what_en="Give the organisation's name (up to 200 characters).",
        )
    if not _CODE.fullmatch(code) or len(code) > 60:
        raise BadField(
            field="code",
            what_vi="Mã đơn vị gồm chữ thường không dấu, số và gạch nối, như th-hoa-mai.",
            what_en="A code is lower-case letters, digits and hyphens, such as th-hoa-mai.",
        )


def normal_login(text: str) -> str:
    """A login name as it is stored: e-mail in lower case, mobile number as +84…. Raises BadField for another form."""
    value = text.strip().lower()
    if _EMAIL.fullmatch(value):
        return value
    match = _PHONE.fullmatch(re.sub(r"[\s.\-()]", "", value))
    if match:
        return f"+84{match.group(1)}"
    raise BadField(
        field="login",
        what_vi="Tên đăng nhập là địa chỉ thư điện tử hoặc số di động.",
        what_en="The login is an e-mail address or a mobile number.",
    )


def new_token() -> str:
    """A secret for a cookie, an invitation or an API key: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token. The token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(session_token: str) -> str:
    """A token for forms, bound to the session and useless for finding it."""
    return hmac.digest(session_token.encode(), b"xoai csrf", "sha256").hex()
