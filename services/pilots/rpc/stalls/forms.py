"""Values of the domain as protobuf, and fields of requests as values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

from kit import clock, messages
from kit.messages import timestamp
from services.pilots.domain.errors_stalls import BadStallField
from services.pilots.domain.programmes import DEFAULT_SALE_SECONDS, Kind, Programme, Section
from services.pilots.domain.stalls import DefaultRule, Relation, Stall, Stand
from services.pilots.flows.stalls import StallChange
from xoai.pilots.v1 import stalls_service_pb2 as pb

# The id and the day in a field of a request, or BadStallField.
uuid: Final = partial(messages.uuid_in, BadStallField)
_day: Final = partial(messages.day_in, BadStallField)

NO_ID: Final = UUID(int=0)
_PROGRAMME_KINDS: Final = {kind: pb.Programme.Kind.Value(f"KIND_{kind.name}") for kind in Kind}
_KINDS_OF: Final = {number: kind for kind, number in _PROGRAMME_KINDS.items()}
_RULES: Final = {rule: pb.Stall.DefaultRule.Value(f"DEFAULT_RULE_{rule.name}") for rule in DefaultRule}
_RULES_OF: Final = {number: rule for rule, number in _RULES.items()}


def optional_uuid(field: str, value: str) -> UUID | None:
    """An id out of a request, or None where it is empty. Raises BadStallField."""
    return uuid(field, value) if value else None


def programme_from(message: pb.Programme) -> Programme:
    """A programme as asked for; it is not checked yet. Raises BadStallField for what cannot be read at all."""
    kind = _KINDS_OF.get(message.kind)
    if kind is None:
        raise BadStallField(field="kind", value=message.kind)
    return Programme(
        id=uuid("id", message.id) if message.id else NO_ID,
        kind=kind,
        code=message.code,
        name=message.name,
        ward_code=message.ward_code,
        start_date=_day("start_date", message.start_date),
        end_date=_day("end_date", message.end_date) if message.end_date else None,
        open_minute=message.open_minute,
        close_minute=message.close_minute,
        cut_off_minute=message.cut_off_minute,
        sale_seconds=message.sale_seconds or DEFAULT_SALE_SECONDS,
        version=message.version,
        create_time=clock.now(),
        sections=tuple(
            Section(
                uuid("section.id", each.id) if each.id else NO_ID,
                each.code,
                each.name,
                each.x,
                each.y,
                each.width,
                each.height,
            )
            for each in message.sections
        ),
        former_ward_code=message.former_ward_code,
    )


def programme_to(value: Programme) -> pb.Programme:
    return pb.Programme(
        id=str(value.id),
        kind=_PROGRAMME_KINDS[value.kind],
        code=value.code,
        name=value.name,
        ward_code=value.ward_code,
        ward_name=value.ward_name,
        former_ward_code=value.former_ward_code,
        start_date=value.start_date.isoformat(),
        end_date=value.end_date.isoformat() if value.end_date else "",
        open_minute=value.open_minute,
        close_minute=value.close_minute,
        cut_off_minute=value.cut_off_minute,
        sale_seconds=value.sale_seconds,
        version=value.version,
        sections=[
            pb.Section(
                id=str(each.id),
                code=each.code,
                name=each.name,
                x=each.x,
                y=each.y,
                width=each.width,
                height=each.height,
            )
            for each in value.sections
        ],
    )


def change_from(message: pb.Stall) -> StallChange:
    """What a request wants changed of a stall. Raises BadStallField."""
    rule = _RULES_OF.get(message.default_rule)
    if rule is None:
        raise BadStallField(field="default_rule", value=message.default_rule)
    try:
        relation = Relation(message.relation)
    except ValueError as error:
        raise BadStallField(field="relation", value=message.relation[:60]) from error
    return StallChange(
        version=message.version,
        section_code=message.section_code,
        number=message.number,
        name=message.name,
        goods=message.goods,
        default_rule=rule,
        open_minute=message.open_minute,
        close_minute=message.close_minute,
        relation=relation,
        consent=message.consent,
    )


def stall_to(value: Stall, bank_name: Callable[[str], str], *, account_changes: bool = False) -> pb.Stall:
    account = value.account
    message = pb.Stall(
        id=str(value.id),
        organisation_id=str(value.organisation_id),
        unit_name=value.unit_name,
        unit_kind=value.unit_kind,
        programme_id=str(value.programme_id),
        programme_code=value.programme_code,
        programme_name=value.programme_name,
        section_code=value.section_code,
        number=value.number,
        name=value.name,
        goods=value.goods,
        reference=value.reference,
        state=pb.Stall.State.Value(f"STATE_{value.state.name}"),
        relation=value.relation.value,
        consent=value.consent,
        default_rule=_RULES[value.default_rule],
        has_pin=value.has_pin,
        version=value.version,
        sequence=value.sequence,
        open_minute=value.open_minute,
        close_minute=value.close_minute,
        phone=value.phone,
        holder_name=value.holder_name,
        account_changes=account_changes,
        withdraw_reason=value.withdraw_reason,
    )
    if account is not None:
        message.account_id = str(account.id)
        message.bin = account.bin
        message.bank_name = bank_name(account.bin)
        message.account_number = account.number
        message.account_holder = account.holder_name
    if value.stand is not None:
        message.payload = value.stand.payload
        message.stand.CopyFrom(stand_to(value.stand))
    return message


def stand_to(value: Stand) -> pb.Stand:
    return pb.Stand(
        stall_id=str(value.stall_id),
        issue_number=value.issue_number,
        state=pb.Stand.State.Value(f"STATE_{value.state.name}"),
        issue_date=value.issue_date.isoformat(),
        check_code=value.check_code,
        payload=value.payload,
        flag_reason=value.flag_reason,
        check_time=timestamp(value.check_time),
    )
