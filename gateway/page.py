"""What the view of one page holds: the viewer, the language, forms, and rendering."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from google.protobuf.message import Message
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway import i18n
from gateway.viewers import Viewer, form_token
from kit.errors import Error, FailedPrecondition
from xoai.directory.v1 import directory_service_pb2 as directory_pb

if TYPE_CHECKING:
    from gateway.state import State


class Page:
    """One page for one viewer. In templates it is `page`."""

    def __init__(self, request: Request, state: State, viewer: Viewer) -> None:
        self.request = request
        self.state = state
        self.viewer = viewer
        self.settings = state.settings
        self.chosen_locale = request.query_params.get("lang")
        self.locale = i18n.of_request(self.chosen_locale, request.cookies.get(state.cookies.language))
        self.catalogue = state.renderer.catalogue(self.locale)
        self.path = request.url.path
        self._form_used = False

    # Texts

    def gettext(self, message: str, /, **values: Any) -> str:
        """A Vietnamese text in the page's language, its `%(name)s` places filled in."""
        return self.catalogue.format(message, **values)

    def error_text(self, error: Error) -> str:
        """What went wrong, in the page's language."""
        return error.text_en if self.locale == "en" else error.text_vi

    def language_url(self, locale: str) -> str:
        """This page in another language."""
        query = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        return f"{self.path}?{urlencode([*query, ('lang', locale)])}"

    # Forms

    @property
    def form_token(self) -> str:
        """The hidden token of a form; also sent by scripts as X-CSRF-Token."""
        self._form_used = True
        return form_token(self.viewer.form_key)

    def request_id(self) -> str:
        """A new idempotency key for a form that creates or moves something; put it in as a hidden field."""
        return str(uuid.uuid4())

    async def form(self) -> FormData:
        """The fields that were sent."""
        return await self.request.form()

    async def field(self, name: str) -> str:
        """One text field that was sent, without blanks around it; empty if it was not."""
        value = (await self.request.form()).get(name, "")
        return value.strip() if isinstance(value, str) else ""

    # Services

    async def call(self, method: Any, request: Message, *, timeout: float = 2.0) -> Any:
        """Call a service as this viewer. Raises errors of ours. `timeout` in seconds."""
        return await self.state.clients.call(method, request, self.viewer.token, timeout=timeout)

    @property
    def address(self) -> str:
        """The viewer's network address, for limits."""
        return self.request.client.host if self.request.client else ""

    async def prove(self, code: str) -> None:
        """Prove the second factor with a code: the session gets a new id, which every answer to this request carries.

        Raises CodeRefused, TooManyCodes and what else the directory says.
        """
        directory = self.state.clients.directory
        request = directory_pb.ProveSecondFactorRequest(session_token=self.viewer.session_token, code=code)
        session = await self.call(directory.ProveSecondFactor, request)
        self.viewer = self.state.viewers.of_session(session, session.session_token)
        self.request.state.viewer = self.viewer
        self.request.state.new_session = session.session_token

    async def sample_code(self) -> str:
        """The code that the person's app would show now, in demo and tests; empty in production."""
        if not self.settings.is_sandbox or not self.viewer.session_token:
            return ""
        directory = self.state.clients.directory
        request = directory_pb.ShowSecondFactorCodeRequest(session_token=self.viewer.session_token)
        try:
            return str((await self.call(directory.ShowSecondFactorCode, request)).code)
        except FailedPrecondition:
            # Nothing is enrolled yet.
            return ""

    # Answers

    def render(self, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page as an answer, with `page` and the given names in its template."""
        body = self.state.renderer.render(self.locale, template, page=self, **context)
        response = HTMLResponse(body, status_code=status)
        self.finish(response)
        return response

    def redirect(self, path: str) -> Response:
        """Go to another page of ours after a form (303)."""
        response = RedirectResponse(path, status_code=303)
        self.finish(response)
        return response

    def finish(self, response: Response) -> None:
        """Set the cookies that the page needs: the chosen language, and the device behind a visitor's form."""
        cookies = self.state.cookies
        if self.chosen_locale in i18n.LOCALES:
            cookies.set(response, cookies.language, str(self.chosen_locale), max_age=365 * 86_400)
        if self._form_used:
            cookies.remember_device(response, self.viewer)
        new_session = getattr(self.request.state, "new_session", "")
        if new_session:
            cookies.set(response, cookies.session, new_session)
