"""CityService: the city's figures."""

from __future__ import annotations

from services.pilots.rpc.city.servicer import CityServicer

__all__ = ["CityServicer"]
