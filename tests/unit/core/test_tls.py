"""The roots that servers are checked against: read once, and strictly checked against."""

import ssl

from core.tls import trusted


def test_they_are_read_once_and_every_server_is_checked() -> None:
    assert trusted() is trusted()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
