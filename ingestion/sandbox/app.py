"""The sandbox as a web application: every path HubSpot has for what we read, all on the same handlers.

Each family is mounted under its dated paths and under its v3 or v4 path. Left out on purpose: creating and editing
records through the API. A world grows through its own methods, not through HTTP.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.sandbox import associations, editing, lifecycle, metadata, objects
from ingestion.sandbox.door import ADMIN, FrontDoor, Handler, Needs, Sandbox, guarded
from ingestion.sandbox.faults import BadScript, described, read_faults, read_kind
from ingestion.sandbox.limits import Limiter, Limits, Policy
from ingestion.sandbox.oauth_routes import OAuthEndpoints, uninstall
from ingestion.sandbox.refusals import Refusal, json_response
from ingestion.sandbox.world import World

CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 -- the app registered in the local sandbox, worth nothing elsewhere
SEARCH_WALL = 10_000
FAULTS = f"{ADMIN}faults"

_DATED = ("2026-09", "2026-03")


def create_app(
    world: World,
    *,
    limits: Limits | None = Limits(),  # noqa: B008 -- frozen
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    wall: int = SEARCH_WALL,
) -> FastAPI:
    """Build the application that serves a world.

    Args:
        world: The portals; may be changed while the application runs.
        limits: Rate limits per portal; None for none.
        client_id: Of the app that asks for tokens.
        client_secret: Of the same.
        wall: Search offset plus limit beyond this is refused.

    Returns:
        The application; ``app.state.sandbox`` is its ``Sandbox`` with the requests seen and the ``intercept`` hook.
    """
    sandbox = Sandbox.of(world, Limiter(limits), client_id, client_secret, wall)
    app = FastAPI(
        title="HubSpot sandbox",
        openapi_url=None,
        redirect_slashes=False,
        routes=[
            *_object_routes(sandbox),
            *_metadata_routes(sandbox),
            *_oauth_routes(sandbox),
            Route(FAULTS, fault_endpoint(sandbox), methods=["GET", "POST", "DELETE"]),
        ],
        exception_handlers={404: _no_such_path, 405: _no_such_method},
    )
    app.add_middleware(FrontDoor, sandbox=sandbox)
    app.state.sandbox = sandbox
    return app


def _routes(
    sandbox: Sandbox,
    method: str,
    paths: Iterable[tuple[str, bool]],
    handler: Handler,
    needs: Needs,
    policy: Policy = "burst",
) -> list[Route]:
    return [
        Route(path, guarded(sandbox, handler, needs=needs, is_dated=is_dated, policy=policy), methods=[method])
        for path, is_dated in paths
    ]


def _both(dated: str, versioned: str, tail: str = "") -> list[tuple[str, bool]]:
    """A path under every version; ``dated`` has a place for the version."""
    return [*((dated.format(version) + tail, True) for version in _DATED), (versioned + tail, False)]


def _object_routes(sandbox: Sandbox) -> list[Route]:
    def paths(tail: str) -> list[tuple[str, bool]]:
        return _both("/crm/objects/{}", "/crm/v3/objects", "/{object_type}" + tail)

    def pairs(tail: str) -> list[tuple[str, bool]]:
        return _both("/crm/associations/{}", "/crm/v4/associations", "/{from_type}/{to_type}" + tail)

    needs, needs_both = objects.scopes_of_object, associations.scopes_of_pair
    return [
        *_routes(sandbox, "POST", paths("/search"), objects.SearchEndpoint(), needs, "search"),
        *_routes(sandbox, "POST", paths("/batch/read"), objects.batch_read, needs),
        *_routes(sandbox, "POST", paths("/merge"), lifecycle.merge_objects, lifecycle.scopes_to_write),
        *_routes(sandbox, "POST", paths("/gdpr-delete"), lifecycle.privacy_delete, lifecycle.scopes_to_write),
        *_routes(sandbox, "DELETE", paths("/{object_id}"), lifecycle.archive_object, lifecycle.scopes_to_write),
        *_routes(sandbox, "PATCH", paths("/{object_id}"), editing.update_object, lifecycle.scopes_to_write),
        *_routes(sandbox, "GET", paths("/{object_id}"), objects.get_object, needs),
        *_routes(sandbox, "GET", paths(""), objects.list_objects, needs),
        *_routes(sandbox, "POST", pairs("/batch/read"), associations.batch_read_links, needs_both),
        *_routes(sandbox, "GET", pairs("/labels"), associations.labels, needs_both),
    ]


def _metadata_routes(sandbox: Sandbox) -> list[Route]:
    def pipelines(tail: str) -> list[tuple[str, bool]]:
        return _both("/crm/pipelines/{}", "/crm/v3/pipelines", "/{object_type}" + tail)

    def properties(tail: str) -> list[tuple[str, bool]]:
        return _both("/crm/properties/{}", "/crm/v3/properties", "/{object_type}" + tail)

    def owners(tail: str) -> list[tuple[str, bool]]:
        return _both("/crm/owners/{}", "/crm/v3/owners", tail)

    needs, needs_owners = objects.scopes_of_object, metadata.scopes_of_owners
    account, install = _both("/account-info/{}", "/account-info/v3", "/details"), "/appinstalls/{}/external-install"
    return [
        *_routes(sandbox, "GET", pipelines(""), metadata.list_pipelines, needs),
        *_routes(sandbox, "GET", pipelines("/{pipeline_id}"), metadata.get_pipeline, needs),
        *_routes(sandbox, "GET", properties(""), metadata.list_properties, needs),
        *_routes(sandbox, "GET", properties("/{property_name}"), metadata.get_property, needs),
        *_routes(sandbox, "GET", [*owners(""), *owners("/")], metadata.list_owners, needs_owners),
        *_routes(sandbox, "GET", owners("/{owner_id}"), metadata.get_owner, needs_owners),
        *_routes(sandbox, "GET", account, metadata.account_details, metadata.scopes_of_account),
        *_routes(
            sandbox, "DELETE", [(install.format(one), True) for one in _DATED], uninstall, metadata.scopes_of_account
        ),
    ]


def _oauth_routes(sandbox: Sandbox) -> list[Route]:
    oauth = OAuthEndpoints(sandbox)
    routes = [
        Route("/oauth/authorize", oauth.authorize, methods=["GET"]),
        Route("/oauth/{portal_id}/authorize", oauth.authorize, methods=["GET"]),
        Route("/oauth/v1/token", oauth.token, methods=["POST"]),
        Route("/oauth/v1/access-tokens/{token}", oauth.access_token_info, methods=["GET"]),
        Route("/oauth/v1/refresh-tokens/{token}", oauth.refresh_token_info, methods=["GET", "DELETE"]),
    ]
    for version in (*_DATED, "v3"):
        token = f"/oauth/{version}/token"
        routes += [
            Route(token, oauth.token, methods=["POST"]),
            Route(f"{token}/introspect", oauth.introspect, methods=["POST"]),
            Route(f"{token}/revoke", oauth.revoke, methods=["POST"]),
        ]
    return routes


def fault_endpoint(sandbox: Sandbox) -> Callable[[Request], Awaitable[Response]]:
    """The sandbox's own address for scripting faults while it runs: read them, add some, clear them."""

    async def endpoint(request: Request) -> Response:
        script = sandbox.faults
        try:
            if request.method == "DELETE":
                script.clear(read_kind(request.query_params.get("kind")))
            elif request.method == "POST":
                script.add(*read_faults(orjson.loads(await request.body())))
        except (BadScript, orjson.JSONDecodeError) as error:
            return json_response({"message": str(error)}, 400)
        return json_response({"faults": described(script.listed())})

    return endpoint


async def _no_such_path(request: Request, _error: Any) -> Response:
    return Refusal(404, "OBJECT_NOT_FOUND", f"No endpoint at {request.url.path}.").response()


async def _no_such_method(request: Request, _error: Any) -> Response:
    return Refusal(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed at {request.url.path}.").response()
