"""What certificates of other servers are checked against."""

from functools import cache
from ssl import SSLContext

import httpx


@cache
def trusted() -> SSLContext:
    """The roots that httpx trusts, `SSL_CERT_FILE` and `SSL_CERT_DIR` heeded; read once a process, for that takes tens of ms."""
    return httpx.create_ssl_context()
