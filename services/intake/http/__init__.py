"""Callbacks over HTTP: looked at before anything else, answered after their commit and nothing more."""

from services.intake.http.endpoint import CallbackEndpoint

__all__ = ["CallbackEndpoint"]
