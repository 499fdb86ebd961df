"""Whose turn it is after HubSpot's OAuth said no; and that nothing it says in prose is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.connections.failures import AppMisconfigured, ConnectionRevoked, ConsentSpent, HubSpotUnavailable, failure
from core.errors import ChurnboardError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def refused(status: str, error: str = "invalid_grant", *, code: int = 400, is_refresh: bool = True) -> ChurnboardError:
    body = {"status": status, "error": error, "error_description": "x", "message": "x"}
    return failure(code, body, tenant_id="acme", is_refresh=is_refresh)


@pytest.mark.parametrize("status", ["BAD_REFRESH_TOKEN", "BAD_HUB"])
def test_a_dead_grant_asks_to_connect_again(status: str) -> None:
    error = refused(status)
    assert isinstance(error, ConnectionRevoked)
    assert "tenant acme" in str(error)
    assert "Connect HubSpot again" in str(error)


@pytest.mark.parametrize("status", ["BAD_AUTH_CODE", "BAD_CODE_VERIFIER"])
def test_a_spent_consent_is_started_again(status: str) -> None:
    assert isinstance(refused(status, is_refresh=False), ConsentSpent)


@pytest.mark.parametrize(
    ("status", "error", "setting"),
    [
        ("BAD_CLIENT_ID", "invalid_client", "HUBSPOT_CLIENT_ID"),
        ("BAD_CLIENT_SECRET", "invalid_client", "HUBSPOT_CLIENT_SECRET"),
        ("BAD_REDIRECT_URI", "invalid_grant", "API_PUBLIC_URL"),
        ("BAD_SCOPES", "invalid_scope", "scopes of the app"),
        ("", "invalid_client", "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET"),
        ("SOMETHING_NEW", "invalid_request", "HUBSPOT_BASE_URL"),
    ],
)
def test_our_own_mistakes_name_the_setting_and_never_the_customer(status: str, error: str, setting: str) -> None:
    for is_refresh in (True, False):
        failed = refused(status, error, is_refresh=is_refresh)
        assert isinstance(failed, AppMisconfigured)
        assert setting in str(failed)
        assert "Connect HubSpot again" not in str(failed)


def test_an_invalid_grant_without_a_code_depends_on_what_was_presented() -> None:
    assert isinstance(refused("", is_refresh=True), ConnectionRevoked)
    assert isinstance(refused("", is_refresh=False), ConsentSpent)


@pytest.mark.parametrize("code", [408, 423, 429, 477, 500, 502, 503, 504, 524, 530])
def test_what_passes_by_itself_is_tried_again_whatever_the_body_says(code: int) -> None:
    assert isinstance(refused("BAD_REFRESH_TOKEN", code=code), HubSpotUnavailable)


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_a_page_that_is_not_json_never_ends_a_connection(code: int) -> None:
    assert isinstance(failure(code, None, tenant_id="acme", is_refresh=True), HubSpotUnavailable)


@given(code=st.integers(400, 599), body=JSON, is_refresh=st.booleans())
def test_any_answer_is_classed(code: int, body: object, is_refresh: bool) -> None:
    error = failure(code, body, tenant_id="acme", is_refresh=is_refresh)
    assert isinstance(error, ConnectionRevoked | ConsentSpent | AppMisconfigured | HubSpotUnavailable)
    if not isinstance(body, dict):
        assert isinstance(error, HubSpotUnavailable)


def test_what_hubspot_says_in_prose_is_not_repeated() -> None:
    secret = "CKj-secret-token"
    body = {
        "status": secret,
        "error": f"bad {secret}",
        "error_description": f"token {secret} is dead",
        "message": f"token {secret} is dead",
        "correlationId": f"x {secret}",
    }
    for is_refresh in (True, False):
        assert secret not in str(failure(400, body, tenant_id="acme", is_refresh=is_refresh))
