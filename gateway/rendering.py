"""Templates: one Jinja environment per language, so that macros and filters know theirs without being told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway import formats, i18n
from gateway.assets import Assets
from gateway.icons import icon, mark
from gateway.settings import GatewaySettings
from kit import clock
from kit.text import clean_display
from kit.words import amount_in_words

FOLDER: Final = Path(__file__).parent / "templates"


class Renderer:
    """Renders templates in a language. Raises on unknown names and on wrong texts, so that tests find them."""

    def __init__(self, settings: GatewaySettings, assets: Assets) -> None:
        self._catalogues = {locale: i18n.load(locale) for locale in i18n.LOCALES}
        self._environments = {
            locale: _environment(catalogue, settings, assets)
            for locale, catalogue in self._catalogues.items()
        }

    def catalogue(self, locale: str) -> i18n.Catalogue:
        return self._catalogues[locale]

    def environment(self, locale: str) -> Environment:
        """The Jinja environment of a language."""
        return self._environments[locale]

    def render(self, locale: str, template: str, **context: Any) -> str:
        """A whole template."""
        return self._environments[locale].get_template(template).render(**context)


def _environment(catalogue: i18n.Catalogue, settings: GatewaySettings, assets: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    install = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(
        catalogue.gettext,
        catalogue.ngettext,
        newstyle=True,
        pgettext=catalogue.pgettext,
        npgettext=catalogue.npgettext,
    )
    english = catalogue.locale == "en"
    environment.globals.update(
        icon=icon,
        mark=mark,
        static=assets.url,
        settings=settings,
        now=clock.now,
        locale=catalogue.locale,
    )
    environment.filters.update(
        money=formats.money,
        figure=formats.figure,
        day=formats.day,
        short_day=formats.short_day,
        clock_time=formats.clock_time,
        hour_minute=formats.hour_minute,
        days_until=formats.days_until,
        grouped=formats.grouped,
        last_four=formats.last_four,
        quantity=formats.quantity,
        words=amount_in_words,
        display=clean_display,
        percent_of=lambda part, whole: formats.percent(part, whole, english=english),
    )
    return environment
