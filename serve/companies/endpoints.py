"""The addresses of companies."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from serve.auth.dependencies import AUTH_ERRORS, Viewer
from serve.companies.repository import CompanyNotFound, CompanyRepository
from serve.companies.schemas import CompanyDetail, CompanyPage, CompanyQuery
from serve.errors import InvalidRequest, documented
from serve.paging import InvalidCursor, StaleCursor
from serve.responses import kept
from serve.schemas import Text
from serve.tenancy import NothingPublished

router = APIRouter(prefix="/companies", tags=["companies"])


@router.get(
    "",
    operation_id="list_companies",
    summary="Companies, largest first",
    response_model=CompanyPage,
    responses=documented(*AUTH_ERRORS, InvalidCursor, StaleCursor, NothingPublished, InvalidRequest),
)
def list_companies(request: Request, caller: Viewer, wanted: Annotated[CompanyQuery, Query()]) -> Response:
    """Companies of the published build that match every given filter, one page at a time."""
    with caller.session() as session:

        def content() -> dict[str, object]:
            companies = CompanyRepository(session)
            page = companies.page(wanted)
            return {
                "items": page.items,
                "next_cursor": page.next_cursor,
                "total": companies.total(wanted),
                "build": session.stamp,
            }

        return kept(request, caller.user, session.version, content)


@router.get(
    "/{company_id}",
    operation_id="get_company",
    summary="One company",
    response_model=CompanyDetail,
    responses=documented(*AUTH_ERRORS, CompanyNotFound, NothingPublished, InvalidRequest),
)
def get_company(request: Request, caller: Viewer, company_id: Annotated[Text, Path()]) -> Response:
    """Tickets, tone, revenue and active triggers of one company."""
    with caller.session() as session:
        return kept(
            request,
            caller.user,
            session.version,
            lambda: CompanyRepository(session).company(company_id) | {"build": session.stamp},
        )
