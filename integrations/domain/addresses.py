"""Which addresses we send to: public ones, unless an administrator allows others."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

# The only IPv6 addresses that are routed on the internet; those of IPv4 in it are unwrapped before.
_ROUTED: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# What Python 3.11 takes for global, and is not, or leads to a cloud's own machinery.
_NOT_PUBLIC: Final = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; Oracle's metadata
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # Azure's host, seen from its machines
    IPv6Network("3fff::/20"),  # documentation
)


def is_public(text: str) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64, Teredo) is judged as itself. Raises
    ValueError where text is no address.
    """
    return all(_is_public(address) for address in _unwrapped(_address(text)))


def is_allowed(text: str, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks (CIDR). Nothing is unwrapped for it."""
    address = _address(text)
    return any(address in ip_network(network) for network in networks)


def _address(text: str) -> Address:
    """Return an address without its zone, as in fe80::1%eth0."""
    return ip_address(text.partition("%")[0])


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _ROUTED:
        return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unwrapped(address: Address) -> Iterator[Address]:
    inner = tuple(_inner(address)) if isinstance(address, IPv6Address) else ()
    yield from inner or (address,)


def _inner(address: IPv6Address) -> Iterator[IPv4Address]:
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
