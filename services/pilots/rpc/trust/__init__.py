"""TrustService: checks of stands, alarms, the banks' feeds, and the visits of volunteers."""

from services.pilots.rpc.trust.servicer import TrustServicer

__all__ = ["TrustServicer"]
