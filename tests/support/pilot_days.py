"""A made-up city's takings as rows of the pilots' database, as if its stalls had sold for weeks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.pilots.store.tables.places import programme, section
from services.pilots.store.tables.sales import stall_day
from services.pilots.store.tables.stalls import stall, stand, unit
from tests.support.pilot_city import MadeUpCity, MadeUpStall

CREATED = datetime(2026, 1, 2, tzinfo=UTC)


def keep(session: Session, city: MadeUpCity, **day: Any) -> None:
    """Write a city's places, stalls with boards, and closed days; `day` replaces fields of each day."""
    _keep_places(session, city)
    owners = {each.owner for each in city.stalls}
    session.execute(
        insert(unit),
        [
            {
                "organisation_id": owner,
                "name": "Hộ",
                "kind": "household",
                "match_key": owner.hex,
                "create_time": CREATED,
            }
            for owner in owners
        ],
    )
    session.execute(insert(stall), [_stall(each) for each in city.stalls])
    session.execute(insert(stand), [_stand(each) for each in city.stalls])
    by_id = {each.id: each for each in city.stalls}
    session.execute(
        insert(stall_day),
        [
            {
                "stall_id": id,
                "book_date": date,
                "organisation_id": by_id[id].owner,
                "programme_id": by_id[id].programme,
                "section_id": by_id[id].block,
                "transfer_count": take.payments,
                "transfer_sum": take.transfers,
                "cash_count": int(take.cash > 0),
                "cash_sum": take.cash,
                "close_time": week.ends,
                **day,
            }
            for (week, id, date), take in city.takes.items()
        ],
    )


def _keep_places(session: Session, city: MadeUpCity) -> None:
    for place in city.places:
        session.execute(
            insert(programme).values(
                id=place.id,
                kind=place.kind,
                code=place.code,
                name=place.name,
                ward_code=place.ward_code,
                start_date=place.start_date,
                end_date=place.end_date,
                open_minute=360,
                close_minute=1_200,
                cut_off_minute=1_320,
                sale_seconds=600,
                version=1,
                create_time=CREATED,
            )
        )
        session.execute(
            insert(section),
            [
                {
                    "id": block.id,
                    "programme_id": place.id,
                    "code": block.code,
                    "name": block.name,
                    "position": position,
                    "x": block.x,
                    "y": block.y,
                    "width": block.width,
                    "height": block.height,
                }
                for position, block in enumerate(place.blocks)
            ],
        )


def _stall(each: MadeUpStall) -> dict[str, Any]:
    return {
        "id": each.id,
        "organisation_id": each.owner,
        "programme_id": each.programme,
        "section_id": each.block,
        "number": each.id.hex[:6],
        "number_key": each.id.hex[:6],
        "name": "Quầy",
        "search_text": "quay",
        "reference": each.id.hex[:12],
        "state": "active",
        "relation": "self",
        "default_rule": "never",
        "open_minute": 360,
        "close_minute": 1_200,
        "version": 1,
        "sequence": 0,
        "create_time": CREATED,
        "change_time": CREATED,
    }


def _stand(each: MadeUpStall) -> dict[str, Any]:
    return {
        "stall_id": each.id,
        "issue_number": 1,
        "organisation_id": each.owner,
        "state": "in_use",
        "issue_date": CREATED.date(),
        "bin": "970436",
        "account_number": "1",
        "account_holder": "A",
        "payload": "x",
        "check_code": "x",
    }
