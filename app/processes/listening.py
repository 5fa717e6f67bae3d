"""The sockets that a service listens on."""

import contextlib
import os
import socket

BACKLOG = 1024
"""Connections that may wait to be accepted; the kernel's `somaxconn` may allow fewer. Under overload thousands a second
are accepted or refused, so that these wait for a fraction of one; a client that finds no place asks again after one
(RFC 6298), which costs the service nothing."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a socket that listens on each address of a host; a connection waits until someone accepts it.

    They listen before a model is loaded: two services would otherwise both be given a port, and one of them would
    fail when it has loaded all.

    Raises:
        OSError: the host has no address here, or the port is in use.
    """
    return _bound(host, port, listens=True)


def reserve(host: str, port: int) -> list[socket.socket]:
    """Return sockets that keep a port, free until now, for processes that each bind a socket of their own beside them.

    Raises:
        OSError: as `listen`.
    """
    free = listen(host, port)
    port = port_of(free)
    for one in free:
        one.close()
    return bind_beside(host, port)


def bind_beside(host: str, port: int) -> list[socket.socket]:
    """Return a socket on each address of a host, bound to a port that has been reserved.

    Once several listen, Linux shares out connections by the addresses and ports of both ends. Of processes that accept
    from the same socket, the one that wakes first takes nearly all that come together.
    """
    return _bound(host, port, shared=True)


def _bound(host: str, port: int, *, shared: bool = False, listens: bool = False) -> list[socket.socket]:
    """Bind a socket to each address of a host, all to the same port, also where `port` is 0, for any free one."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as on_failure:
        sockets: list[socket.socket] = []
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            bound = on_failure.enter_context(socket.socket(family, kind, protocol))
            # The port's last connections of a service that has ended do not keep it. On Windows it would mean that
            # several may listen.
            if os.name == "posix":
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                # `::` would take IPv4's port as well, which may be another's.
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((address[0], port or port_of(sockets), *address[2:]))
            if listens:
                bound.listen(BACKLOG)
            sockets.append(bound)
        on_failure.pop_all()
    return sockets


def port_of(sockets: list[socket.socket]) -> int:
    """Return the port that sockets are bound to; 0 if there are none."""
    return int(sockets[0].getsockname()[1]) if sockets else 0


def documentation_of(sockets: list[socket.socket]) -> str:
    """Return where a browser on this machine finds the documentation of a service that listens on the sockets."""
    host = sockets[0].getsockname()[0]
    if host in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        host = "localhost"
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port_of(sockets)}/docs"
