"""HubSpot's signature: known answers, what it covers, and how old it may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ingestion.sandbox.webhooks import signed
from serve.webhooks.signature import MAX_AGE, MAX_SKEW, SignatureRefused, check_age, check_signature, decoded

SECRET = SecretStr("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
URI = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
KNOWN = {
    "1693657560000": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
    "1700000300000": "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=",
}
TIMESTAMP, SIGNATURE = next(iter(KNOWN.items()))
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def is_good(signature: str = SIGNATURE, **changes: object) -> bool:
    given = {"secret": SECRET, "method": "POST", "uri": URI, "body": BODY, "timestamp": TIMESTAMP} | changes
    try:
        check_signature(signature, **given)  # type: ignore[arg-type]
    except SignatureRefused:
        return False
    return True


@pytest.mark.parametrize(("timestamp", "signature"), KNOWN.items())
def test_known_answers_of_hubspot_s_own_documentation(timestamp: str, signature: str) -> None:
    assert is_good(signature, timestamp=timestamp)


@pytest.mark.parametrize(
    "change",
    [
        {"secret": SecretStr("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyx")},
        {"secret": SecretStr("")},
        {"method": "GET"},
        {"uri": URI + "?a=1"},
        {"uri": URI.replace("https", "http")},
        {"uri": URI.replace("www", "evil")},
        {"body": BODY + b" "},
        {"body": BODY.replace(b"'", b'"')},
        {"body": b""},
        {"timestamp": "1693657560001"},
    ],
    ids=str,
)
def test_every_part_of_the_request_is_covered(change: dict[str, object]) -> None:
    assert is_good()
    assert not is_good(**change)


def test_the_method_may_be_spelt_small() -> None:
    assert is_good(method="post")


@given(position=st.integers(0, len(SIGNATURE) - 1), letter=st.characters(codec="latin-1"))
def test_a_bent_signature_is_refused_whatever_stands_in_it(position: int, letter: str) -> None:
    bent = SIGNATURE[:position] + letter + SIGNATURE[position + 1 :]
    assert is_good(bent) == (bent == SIGNATURE)


@pytest.mark.parametrize("signature", ["", "x", SIGNATURE[:-1], SIGNATURE + "=", SIGNATURE.lower(), f" {SIGNATURE}"])
def test_a_signature_in_another_form_is_another_signature(signature: str) -> None:
    assert not is_good(signature)


def test_of_an_address_only_the_listed_escapes_are_decoded() -> None:
    listed = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"
    assert decoded(f"https://a.example/x{listed}") == "https://a.example/x:/?@!$'()*,;"
    assert decoded(listed.lower()) == decoded(listed)
    others = "https://a.example/x%20%25%26%3D%2B%23%C3%BC%2?b=%7E%"
    assert decoded(others) == others
    assert decoded("%253A") == "%253A", "once, and what comes of it not again"


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_decoding_touches_nothing_but_escapes(text: str) -> None:
    without = text.replace("%", "")
    assert decoded(without) == without


def test_an_escaped_address_is_signed_decoded() -> None:
    plain = signed(SECRET.get_secret_value(), "https://a.example/x?to=a:b/c", BODY, at=NOW)
    assert is_good(
        plain["X-HubSpot-Signature-v3"],
        uri="https://a.example/x?to=a%3Ab%2Fc",
        timestamp=plain["X-HubSpot-Request-Timestamp"],
    )


def age(seconds: float) -> str:
    return str(int((NOW - timedelta(seconds=seconds)).timestamp() * 1000))


@pytest.mark.parametrize("seconds", [0, 299.999, 300, -9.999, -10])
def test_five_minutes_and_a_clock_that_is_a_little_fast_are_taken(seconds: float) -> None:
    check_age(age(seconds), now=NOW)


@pytest.mark.parametrize("seconds", [300.001, 3600, -10.001, -3600, -(10**9)])
def test_older_requests_and_those_of_the_future_are_refused(seconds: float) -> None:
    with pytest.raises(SignatureRefused, match="clocks"):
        check_age(age(seconds), now=NOW)


@pytest.mark.parametrize("timestamp", ["", "now", "1.5", "-1", "+1", "1e12", " 1", "1" * 17, "\uff11\uff17", "0x10"])
def test_what_is_no_timestamp_is_refused_as_such(timestamp: str) -> None:
    with pytest.raises(SignatureRefused, match="milliseconds"):
        check_age(timestamp, now=NOW)


def test_the_figures_are_hubspot_s_and_small() -> None:
    assert timedelta(minutes=5) == MAX_AGE
    assert timedelta() < MAX_SKEW <= timedelta(seconds=30)
