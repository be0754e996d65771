"""The first step of an installation, and its last resort: the city's administrator, without a database tool."""

from __future__ import annotations

from kit import auth
from kit.db import Database
from services.directory import store
from services.directory.domain import OrganisationKind
from services.directory.flows import organisations, people
from services.directory.roles import Role

CITY_CODE = "city"


def invite_administrator(database: Database, *, name: str, login: str, city_name: str) -> str:
    """Make the city if there is none, and invite an administrator of it; the invitation's token, shown once.

    Somebody who is there already starts anew: the password, every session and the second factor end. Whoever can run
    this has the database in hand, so nothing is given away.
    """
    subject = auth.service("cli")
    with database.begin() as session:
        city = store.find_organisation(session, CITY_CODE) or organisations.create(
            session, subject, OrganisationKind.CITY, CITY_CODE, {"name": city_name}
        )
        invited = people.invite(
            session,
            subject,
            name=name,
            login=login,
            organisation_id=city.organisation_id,
            role=Role.ADMINISTRATOR.value,
        )
        if not invited.token:
            store.remove_second_factor(session, invited.person.id)
            invited = people.reset_password(session, subject, invited.person.id)
    return invited.token
