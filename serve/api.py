"""Every address under `/api/v1`, in the order the description lists them."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from serve.api_keys.endpoints import router as api_keys_router
from serve.auth.dependencies import required_role
from serve.auth.endpoints import demo_router
from serve.auth.endpoints import router as auth_router
from serve.board.endpoints import router as board_router
from serve.budget.endpoints import router as budget_router
from serve.companies.endpoints import router as companies_router
from serve.connections.endpoints import router as connections_router
from serve.corrections.endpoints import router as corrections_router
from serve.fields.endpoints import router as fields_router
from serve.health.endpoints import router as health_router
from serve.live.endpoints import router as live_router
from serve.metrics.endpoints import router as metrics_router
from serve.notifications.endpoints import router as notifications_router
from serve.onboarding.endpoints import router as onboarding_router
from serve.people.endpoints import router as people_router
from serve.prompts.endpoints import router as prompts_router
from serve.rules.endpoints import router as rules_router
from serve.sources.endpoints import router as sources_router
from serve.tasks.endpoints import router as tasks_router
from serve.tenant.endpoints import router as tenant_router
from serve.threads.endpoints import router as threads_router
from serve.tickets.endpoints import router as tickets_router
from serve.topics.endpoints import router as topics_router
from serve.trail.endpoints import router as trail_router
from serve.triggers.endpoints import router as triggers_router
from serve.views.endpoints import router as views_router
from serve.webhooks.endpoints import router as webhooks_router

PREFIX = "/api/v1"
"""Where the API lives; what breaks a client gets a new one."""


ANYBODY = "anybody"
"""The `x-required-role` of an operation that asks for no token."""


def api_router(*, has_demo_sign_in: bool) -> APIRouter:
    """The API's addresses; those of the demo sign-in only where it exists."""
    router = APIRouter(prefix=PREFIX)
    demo = [demo_router] if has_demo_sign_in else []
    parts = (
        health_router,
        *demo,
        auth_router,
        board_router,
        threads_router,
        prompts_router,
        live_router,
        views_router,
        notifications_router,
        metrics_router,
        tickets_router,
        companies_router,
        topics_router,
        corrections_router,
        sources_router,
        onboarding_router,
        fields_router,
        connections_router,
        tasks_router,
        webhooks_router,
        people_router,
        api_keys_router,
        trail_router,
        triggers_router,
        rules_router,
        budget_router,
        tenant_router,
    )
    for part in parts:
        _say_roles(part)
        router.include_router(part)
    return router


def _say_roles(part: APIRouter) -> None:
    """Have the description of each operation say what it asks for, read off what it really depends on."""
    for route in part.routes:
        if isinstance(route, APIRoute):
            role = required_role(route.dependant) or ANYBODY
            route.openapi_extra = (route.openapi_extra or {}) | {"x-required-role": role}
