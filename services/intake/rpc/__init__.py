"""Intake over gRPC: connections, what they told, and what waits for a person."""

from services.intake.rpc.servicer import IntakeServicer

__all__ = ["IntakeServicer"]
