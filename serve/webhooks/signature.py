"""HubSpot's v3 signature of a request: proof that it comes from HubSpot, is about us, and is no older than five minutes.

https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests, and where HubSpot's own helper does less
than that page says (it accepts moments of the future, and decodes nothing), as the page says. Signatures of versions 1 and 2 are
not looked at: they are good for ever. Pure.
"""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from urllib.parse import unquote

from pydantic import SecretStr

from serve.errors import Unauthenticated

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"

MAX_AGE = timedelta(minutes=5)
"""HubSpot's figure."""

MAX_SKEW = timedelta(seconds=10)
"""How far HubSpot's clock may be ahead of ours."""

# Of an address HubSpot decodes these and no others before it signs: : / ? @ ! $ ' ( ) * , ;
_DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_TIMESTAMP = re.compile("[0-9]{1,16}")


class SignatureRefused(Unauthenticated):
    """The request is not signed by HubSpot for this installation, or not within the last five minutes."""

    challenge = SIGNATURE_HEADER


def check_age(timestamp: str, *, now: datetime) -> None:
    """Refuse a request that was signed too long ago, or in the future.

    Args:
        timestamp: The header, milliseconds since 1970.
        now: The present.

    Raises:
        SignatureRefused: It was, or that is no timestamp.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused(f"The request has no {TIMESTAMP_HEADER} in milliseconds since 1970.")
    age = timedelta(milliseconds=now.timestamp() * 1000 - int(timestamp))
    if not -MAX_SKEW <= age <= MAX_AGE:
        raise SignatureRefused(
            f"The request was signed {abs(age.total_seconds()):.0f} seconds {'ago' if age > timedelta() else 'from now'}: "
            f"it is taken for {MAX_AGE.total_seconds():.0f} seconds. If it is new, one of the two clocks is wrong."
        )


def check_signature(signature: str, secret: SecretStr, *, method: str, uri: str, body: bytes, timestamp: str) -> None:
    """Refuse a request whose signature is not what HubSpot makes with our app's secret.

    Args:
        signature: The header.
        secret: The app's client secret.
        method: Of the request.
        uri: The whole address as HubSpot knows it, query included; never put together from what the request says its host is.
        body: As it came.
        timestamp: As it came.

    Raises:
        SignatureRefused: It is another one.
    """
    signed = method.upper().encode() + decoded(uri).encode() + body + timestamp.encode()
    digest = hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), signature.encode()):
        raise SignatureRefused(
            f"The {SIGNATURE_HEADER} is not what HubSpot makes for this address: look whether HUBSPOT_CLIENT_SECRET is that of "
            f"the app that sends, and whether its target URL begins with API_PUBLIC_URL."
        )


def decoded(uri: str) -> str:
    """An address as HubSpot signs it: a few of its escapes decoded, the others left as they are."""
    return _DECODED.sub(lambda found: unquote(found.group()), uri)
