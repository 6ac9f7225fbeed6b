import pytest

from integrations.domain.addresses import is_allowed, is_public

INSIDE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
169.254.1.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255 168.63.129.16
:: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:0:127.0.0.1 100::1 2001:db8::1 2001:2::1 2001:10::1 3fff::1
4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.100.100.200
64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b:1::7f00:1 64:ff9b:1::808:808
2002:7f00:1:: 2002:a00:1:: 2002:a9fe:a9fe:: 2002:c0a8:101::1 2002:6440:1::
2001:0:7f00:1:: 2001:0:808:808:0:0:80ff:fffe 2001:0:a9fe:a9fe::ffff
"""
# The last three carry 8.8.8.8; of Teredo's both its server and its client must be public.
OUTSIDE = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1
198.17.255.255 198.20.0.1 223.255.255.255 2606:4700:4700::1111 2a00:1450:4001:81b::200e
::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1 2001:0:808:808:0:0:f7f7:f7f7
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_what_is_no_address_of_the_internet_is_seen_whatever_it_is_wrapped_in(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_an_address_of_the_internet_is_one(address: str) -> None:
    assert is_public(address)


def test_what_is_allowed_lies_in_a_network_as_it_is_written() -> None:
    networks = ["10.1.0.0/16", "fd00:1::/32"]
    assert is_allowed("10.1.255.1", networks)
    assert is_allowed("fd00:1::7", networks)
    assert not is_allowed("10.2.0.1", networks)
    assert not is_allowed("::ffff:10.1.0.1", networks)
    assert not is_allowed("10.1.0.1", [])
