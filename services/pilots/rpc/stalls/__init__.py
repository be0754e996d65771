"""StallsService: programmes, enrolment, stalls, boards, phones."""

from services.pilots.rpc.stalls.servicer import StallsServicer

__all__ = ["StallsServicer"]
