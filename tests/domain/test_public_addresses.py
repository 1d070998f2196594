"""What this service may be made to connect to."""

import pytest

from otp_service.domain.addresses import networks
from otp_service.domain.public_addresses import Reach, is_public

INTERNET = Reach()
DEVELOPMENT = Reach(development=True)

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8"]
PUBLIC += ["64:ff9b::8.8.8.8", "2002:808:808::1", "100.128.0.1", "168.63.129.17"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_special_address_is_not_public(address: str) -> None:
    """Private, shared, local, reserved, documentation and multicast addresses aren't public, whatever wraps them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    """Addresses of the internet are public, also where IPv6 carries one of IPv4."""
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.1/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "https:hooks.example",
        "https://",
        "https:///path",
        "https://user@hooks.example/",
        "https://user:word@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:x/",
        "https://hooks..example/",
        "https://-hooks.example/",
        "https://höoks.example/",
        "https://hooks.example/a b",
        "https://hooks.example\\@127.0.0.1/",
        "https://hooks.example/\r\nHost: x",
        "https://hooks%2eexample/",
        "https://[::1",
        "https://" + "a" * 2100 + ".example/",
    ],
)
def test_a_url_that_leads_elsewhere_is_refused_unsaid(url: str) -> None:
    """What is no plain https URL of a public host is refused, in whatever spelling, and never repeated."""
    with pytest.raises(ValueError, match=r"must|is not|has an address") as refused:
        INTERNET.target(url)
    assert url not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://hooks.example", "hooks.example", 443),
        ("https://hooks.example:8443/in?token=x", "hooks.example", 8443),
        ("https://HOOKS.example./in", "hooks.example.", 443),
        ("https://8.8.8.8/", "8.8.8.8", 443),
        ("https://[2606:4700::1111]:444/", "2606:4700::1111", 444),
    ],
)
def test_a_url_of_the_internet_is_welcome(url: str, host: str, port: int) -> None:
    """An https URL of a name or of a public address leads to its host and port."""
    target = INTERNET.target(url)
    assert (target.host, target.port) == (host, port)


def test_one_bad_address_is_enough() -> None:
    """A host with a public and a private address is refused: nobody knows which one would be taken."""
    target = INTERNET.target("https://hooks.example/")
    INTERNET.judge(target, ["8.8.8.8", "2606:4700::1111"])
    for addresses in (["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::ffff:10.0.0.1"], []):
        with pytest.raises(ValueError, match="address"):
            INTERNET.judge(target, addresses)


def test_an_operator_may_allow_networks_of_his_own() -> None:
    """Networks that are allowed can be reached over https, others that are private still can't."""
    reach = Reach(networks(["10.1.0.0/16", "fd00::/8"]))
    target = reach.target("https://10.1.2.3/")
    reach.judge(target, ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
    with pytest.raises(ValueError, match="public"):
        reach.judge(target, ["10.2.0.1"])
    with pytest.raises(ValueError, match="https"):
        reach.target("http://10.1.2.3/")


def test_development_reaches_its_own_host_without_tls() -> None:
    """In development http works to loopback, and to nothing else."""
    target = DEVELOPMENT.target("http://localhost:9000/hook")
    DEVELOPMENT.judge(target, ["127.0.0.1", "::1"])
    for address in ("8.8.8.8", "10.0.0.1"):
        with pytest.raises(ValueError, match="public"):
            DEVELOPMENT.judge(target, [address])
