"""How notebooks talk to their kernels where even the loopback address is cut off."""

import socket
import tempfile


def connection() -> dict[str, str]:
    """Settings of a Jupyter kernel manager: none, or sockets in the file system.

    A network namespace without a network (`unshare -n`) has no loopback either, until somebody
    brings it up.
    """
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=1).close()
    except OSError:
        # By default the sockets' path would be relative to the kernel's folder.
        return {"transport": "ipc", "ip": f"{tempfile.mkdtemp()}/kernel"}
    return {}
