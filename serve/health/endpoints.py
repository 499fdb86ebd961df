"""Probes for whoever starts and watches the process. No token needed."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from serve.health.schemas import Health, NotReadyBody, Ready
from serve.responses import NO_STORE, json_response
from serve.services import services_of
from serve.version import VERSION

router = APIRouter(tags=["health"])


@router.get("/health", operation_id="get_health", summary="Is the process up?", response_model=Health)
def get_health() -> Response:
    """Answers without looking at anything else."""
    return json_response({"status": "ok", "version": VERSION}, headers=NO_STORE)


@router.get(
    "/ready",
    operation_id="get_ready",
    summary="Can it do its work?",
    response_model=Ready,
    responses={
        503: {"model": NotReadyBody, "description": "`NotReady`: a check failed; its sentence says which and why."}
    },
)
def get_ready(request: Request) -> Response:
    """Whether the application database answers, has our schema, and (on Postgres) keeps tenants apart."""
    checks = services_of(request).readiness.checks()
    failed = [check.detail for check in checks if not check.is_ok]
    body = {"checks": [asdict(check) for check in checks]}
    if failed:
        refused = {"error": "NotReady", "detail": " ".join(failed)} | body
        return json_response(refused, status=503, headers=NO_STORE | {"Retry-After": "5"})
    return json_response({"status": "ready"} | body, headers=NO_STORE)
