"""Free ports of this machine."""

from __future__ import annotations

import socket

from kit.errors import FailedPrecondition


class PortInUse(FailedPrecondition):
    reason = "PORT_IN_USE"
    vi = "Cổng {port} đang có chương trình khác dùng. Tắt chương trình đó hoặc chọn cổng khác (make: PORT=…, xoai: --port)."
    en = "Port {port} is in use by another program. Stop that program or choose another port (make: PORT=…, xoai: --port)."


def free_port(host: str, wanted: int) -> int:
    """`wanted`, or a free port for 0. Raises PortInUse."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise PortInUse(port=wanted) from error
        return int(probe.getsockname()[1])
