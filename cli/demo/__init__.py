"""The demo city: built from a seed through the same doors that people and banks use, then summed up."""

from cli.demo.command import app

__all__ = ["app"]
