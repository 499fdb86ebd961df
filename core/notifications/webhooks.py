"""Whether we may send to an address that an admin typed: outside `local` only over TLS, and only out of our own network."""

import ipaddress
from urllib.parse import urlsplit

from core.errors import Terminal

_HOSTS_HERE = (".localhost", ".local", ".internal")
_LONGEST = 2_000


class UnsafeWebhook(Terminal):
    """The address is none that a message may be sent to."""


def checked_webhook(url: str, *, is_local: bool) -> str:
    """The address of an incoming webhook, as it may be kept.

    Where its name leads is looked at again with each message (`is_public`), since a name can be pointed elsewhere any time.

    Args:
        url: As it was typed.
        is_local: Whether `http://` and addresses of this machine will do.

    Raises:
        UnsafeWebhook: It is no such address; the sentence does not repeat it.
    """
    given = url.strip()
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UnsafeWebhook("This is no address: paste the webhook's URL as Slack shows it.") from error
    if len(given) > _LONGEST or any(not char.isprintable() or char in ' <>"|\\' for char in given):
        raise UnsafeWebhook("This is no address: paste the webhook's URL as Slack shows it.")
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise UnsafeWebhook("A webhook's address starts with https://: paste it as Slack shows it.")
    if not host or parts.username or parts.password or parts.fragment:
        raise UnsafeWebhook(
            "A webhook's address has a host, and neither a user nor a mark: paste it as Slack shows it."
        )
    if not is_local and not _may_be_public(host):
        raise UnsafeWebhook(f"{host} is inside our own network, where messages are not sent to: use a public webhook.")
    return given


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet, and none of a machine, a network or a cloud's own services."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for inner in (ip.ipv4_mapped, ip.sixtofour, ip.teredo[1] if ip.teredo else None):
            if inner is not None:
                return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        # A dot-less name is one of our own network; so is a number that only looks like a name.
        bare = host.rstrip(".").lower()
        return "." in bare and not bare.endswith(_HOSTS_HERE) and not bare.rpartition(".")[2].isdigit()
