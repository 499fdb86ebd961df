"""The HubSpot client against answers HubSpot and what stands in front of it give on bad days, over HTTP."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from core.errors import ChurnboardError
from ingestion.hubspot import errors
from ingestion.hubspot.client import ATTEMPTS, HubSpotClient
from ingestion.hubspot.limiter import Limits, PortalLimiter
from ingestion.hubspot.limits.store import MemoryStore
from ingestion.hubspot.reader import Portal
from ingestion.sandbox.server import RunningSandbox, running_sandbox
from ingestion.sandbox.world import Portal as SandboxPortal
from ingestion.sandbox.world import TenantProfile, World
from tests.support.portals import UNLIMITED


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(World()) as sandbox:
        yield sandbox


class Line:
    """A client on a sandbox portal, with scripted answers first and a record of how long it would have waited."""

    def __init__(self, sandbox: RunningSandbox, portal: SandboxPortal) -> None:
        self.sandbox = sandbox
        self.portal = portal
        self.waits: list[float] = []
        self.seen = 0
        self.client = HubSpotClient(
            sandbox.base_url,
            portal.tenant.tenant_id,
            SecretStr(portal.static_token),
            limiter=PortalLimiter(UNLIMITED, store=MemoryStore(lambda: sum(self.waits)), sleep=self.waits.append),
            sleep=self.waits.append,
        )

    def answers(self, *responses: Response, forever: Response | None = None) -> None:
        script = iter(responses)

        def answer(_request: object) -> Response | None:
            self.seen += 1
            return next(script, forever)

        self.sandbox.intercept(answer)

    def account(self) -> object:
        return self.client.get("/account-info/2026-09/details", what="account details")


@pytest.fixture
def line(running: RunningSandbox, request: pytest.FixtureRequest) -> Iterator[Line]:
    slug = f"t{abs(hash(request.node.name)) % 10**9}"
    made = Line(running, running.world.add_portal(TenantProfile(slug, slug)))
    with made.client:
        yield made
    running.intercept(None)


def test_what_passes_by_itself_is_waited_for(line: Line) -> None:
    line.answers(
        Response("<html>Bad gateway</html>", 502, media_type="text/html"),
        Response("<html>Log in to the hotel network</html>", 200, media_type="text/html"),
        Response(b"", 423),
        Response(b"", 477, headers={"Retry-After": "7"}),
        JSONResponse({"policyName": "SECONDLY", "message": "You have reached your secondly limit."}, 429),
    )
    assert line.account()["portalId"] == line.portal.portal_id  # type: ignore[index]
    assert line.seen == ATTEMPTS
    assert line.waits[2:] == [2.0, 7.0, 1.0]


def test_a_used_up_window_is_waited_for_once_and_by_everybody(line: Line) -> None:
    line.answers(JSONResponse({"policyName": "TEN_SECONDLY_ROLLING", "message": "no"}, 429))
    line.account()
    assert [one for one in line.waits if one] == [pytest.approx(10, abs=0.01)]
    assert (line.client.counts.sent, line.client.counts.refused) == (2, 1)
    assert line.client.counts.waited_seconds == pytest.approx(10, abs=0.01)


def test_a_used_up_second_of_searches_lets_everything_else_pass(line: Line) -> None:
    def refused_search() -> object:
        return line.client.post("/crm/objects/2026-09/tickets/search", {"limit": 1}, what="tickets", is_search=True)

    refused = JSONResponse({"policyName": "SECONDLY", "message": "no"}, 429)
    line.answers(*[refused] * ATTEMPTS)
    with pytest.raises(errors.RateLimited):
        refused_search()
    assert [one for one in line.waits if one] == [pytest.approx(1, abs=0.01)] * (ATTEMPTS - 1)
    waited = len(line.waits)
    line.account()
    assert len(line.waits) == waited


def test_an_endless_outage_is_believed_after_some_attempts(line: Line) -> None:
    line.answers(forever=Response("<h1>down</h1>", 503))
    with pytest.raises(errors.PortalUnavailable, match="reading account details"):
        line.account()
    assert line.seen == ATTEMPTS


@pytest.mark.parametrize(
    ("response", "expected", "calls"),
    [
        (JSONResponse({"category": "VALIDATION_ERROR", "message": "no"}, 400), errors.RequestRefused, 1),
        (JSONResponse({"category": "INVALID_AUTHENTICATION"}, 401), errors.ConnectionBroken, 1),
        (JSONResponse({"category": "EXPIRED_AUTHENTICATION"}, 401), errors.ConnectionBroken, 1),
        (JSONResponse({"category": "BANNED"}, 403), errors.AccountBanned, 1),
        (JSONResponse({"category": "MISSING_SCOPES"}, 403), errors.MissingScope, 1),
        (Response("<html>414</html>", 414, media_type="text/html"), errors.UrlTooLong, 1),
        (JSONResponse({"policyName": "DAILY", "message": "daily"}, 429), errors.DailyLimitReached, 1),
        (Response(b"error 1016", 530), errors.ConnectionBroken, 1),
    ],
)
def test_what_does_not_pass_is_not_repeated(
    line: Line, response: Response, expected: type[ChurnboardError], calls: int
) -> None:
    line.answers(forever=response)
    with pytest.raises(expected):
        line.account()
    assert (line.seen, line.waits) == (calls, [])


def test_a_page_that_takes_too_long_is_asked_for_smaller(line: Line) -> None:
    for number in range(120):
        line.portal.upsert("contacts", {"email": f"c{number}@customer.example"})
    slow = JSONResponse({"message": "timeout"}, 504)
    line.answers(*[slow] * ATTEMPTS)
    pages = list(Portal(line.client).pages("contacts", ["email"], archived=False))
    assert [len(page) for page in pages] == [50, 50, 20]


def test_links_go_on_over_pages_and_refused_batches_are_halved(line: Line) -> None:
    ticket = line.portal.upsert("tickets", {"subject": "many"})
    lonely = line.portal.upsert("tickets", {"subject": "lonely"})
    contacts = [line.portal.upsert("contacts", {"email": f"c{one}@customer.example"}) for one in range(620)]
    for contact in contacts:
        line.portal.associate("tickets", ticket, "contacts", contact)
    line.answers(JSONResponse({"category": "VALIDATION_ERROR", "message": "one id is bad"}, 400))
    found = Portal(line.client).links("contacts", [ticket, lonely])
    assert sorted(one["toObjectId"] for one in found[ticket]) == sorted(contacts)
    assert found[lonely] == []


def test_a_part_that_could_not_be_read_is_not_taken_for_nothing(line: Line) -> None:
    body = {"results": [], "errors": [{"subCategory": "crm.associations.SOMETHING_ELSE", "message": "try later"}]}
    line.answers(JSONResponse(body, 207))
    with pytest.raises(errors.PartialAnswer, match="try later"):
        Portal(line.client).links("companies", ["1"])


def test_half_an_emoji_is_read(line: Line) -> None:
    line.answers(Response(b'{"portalId": "cut \\ud83d"}', 200))
    assert line.account() == {"portalId": "cut \ud83d"}


def test_nothing_listening_is_an_outage_of_the_portal() -> None:
    client = HubSpotClient("http://127.0.0.1:9", "acme", SecretStr("x"), sleep=lambda _seconds: None)
    with client, pytest.raises(errors.PortalUnavailable, match="tenant acme"):
        client.get("/x", what="anything")


def test_windows_are_cut_by_hubspots_clock() -> None:
    class Yesterday(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", "Wed, 01 Jul 2026 10:00:00 GMT")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    server = HTTPServer(("127.0.0.1", 0), Yesterday)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    with HubSpotClient(f"http://127.0.0.1:{server.server_port}", "acme", SecretStr("x")) as client:
        client.get("/x", what="anything")
        assert client.server_time == datetime(2026, 7, 1, 10, tzinfo=UTC)
    thread.join()
    server.server_close()


def test_the_budget_is_kept_so_that_hubspot_never_has_to_say_no(running: RunningSandbox) -> None:
    """Against a sandbox that enforces limits, on a clock that only the waits move."""
    from ingestion.sandbox.limits import Limiter
    from ingestion.sandbox.limits import Limits as Enforced

    portal = running.world.add_portal(TenantProfile("budget", "Budget"))
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    held = running.sandbox.limiter
    running.sandbox.limiter = Limiter(Enforced(burst=20, burst_window_seconds=10, search_per_second=5), lambda: now[0])
    try:
        limiter = PortalLimiter(Limits(burst=110), store=MemoryStore(lambda: now[0]), sleep=sleep)
        client = HubSpotClient(running.base_url, "budget", SecretStr(portal.static_token), limiter=limiter, sleep=sleep)
        refused = _statuses(running, client, 45)
    finally:
        running.sandbox.limiter = held
    assert refused == 0
    assert now[0] >= 20, "the limit HubSpot's headers told is the one that was kept"


def _statuses(running: RunningSandbox, client: HubSpotClient, calls: int) -> int:
    before = len(running.seen)
    with client:
        for _ in range(calls):
            client.get("/account-info/2026-09/details", what="account details")
            client.post(
                "/crm/objects/2026-09/tickets/search", {"filterGroups": [], "limit": 1}, what="tickets", is_search=True
            )
    return sum(one.status == 429 for one in running.seen[before:])
