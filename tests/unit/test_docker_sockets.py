"""What the kernel prints about sockets."""

from shipway.domain.workload import Socket
from shipway.engines.docker.sockets import listening

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(local: str, state: str = "0A") -> str:
    return f"   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n"


def test_listening_sockets_are_read_by_port() -> None:
    tcp = HEAD + row("00000000:1F90") + row("0100007F:0BB8") + row("0200C90A:0050")
    assert listening(tcp, "") == [Socket("10.201.0.2", 80), Socket("127.0.0.1", 3000), Socket("0.0.0.0", 8080)]


def test_sockets_of_ipv6_are_read_too() -> None:
    tcp6 = HEAD + row("0" * 32 + ":1F90") + row("00000000000000000000000001000000:0BB8")
    assert listening(HEAD, tcp6) == [Socket("::1", 3000), Socket("::", 8080)]


def test_an_ipv4_address_in_ipv6_clothes_is_told_as_what_it_is() -> None:
    [socket] = listening("", HEAD + row("0000000000000000FFFF00000100007F:1F90"))
    assert socket == Socket("127.0.0.1", 8080)
    assert socket.loopback


def test_connections_and_dockers_own_resolver_are_left_out() -> None:
    assert listening(HEAD + row("00000000:1F90", "01") + row("0B00007F:9C40"), HEAD) == []


def test_a_socket_bound_twice_is_told_once() -> None:
    assert listening(HEAD + row("00000000:1F90") * 2, "") == [Socket("0.0.0.0", 8080)]
