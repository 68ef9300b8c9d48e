"""What `/proc/<pid>/net/tcp` and `tcp6` say about the sockets of a network namespace. Pure."""

from ipaddress import IPv4Address, IPv6Address

from shipway.domain.workload import Socket

_LISTEN = "0A"
#: Where Docker's own name server listens inside every container.
_RESOLVER = "127.0.0.11"


def listening(tcp: str, tcp6: str) -> list[Socket]:
    """The sockets in state LISTEN, by port; what Docker itself listens on is left out."""
    rows = [line.split() for text in (tcp, tcp6) for line in text.splitlines()[1:]]
    sockets = {_socket(row[1]) for row in rows if row[3] == _LISTEN}
    return sorted((s for s in sockets if s.address != _RESOLVER), key=lambda s: (s.port, s.address))


def _socket(local: str) -> Socket:
    address, port = local.split(":")
    return Socket(_ip(bytes.fromhex(address)), int(port, 16))


def _ip(words: bytes) -> str:
    """The kernel prints each 32-bit word in the machine's own order; every machine Docker runs on is little-endian."""
    network_order = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    if len(network_order) == 4:
        return str(IPv4Address(network_order))
    ip = IPv6Address(network_order)
    return str(ip.ipv4_mapped or ip)
