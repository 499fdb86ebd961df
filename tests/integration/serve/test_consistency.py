"""Readers during publishes: one whole build, always."""

import threading
from collections.abc import Iterator

from core.appdb.builds import BuildStore
from core.tenants import TenantId
from core.vocabulary import Role
from serve.auth.users import UserDirectory
from serve.board.repository import CardRepository
from serve.board.schemas import CardQuery
from serve.companies.repository import CompanyRepository
from serve.companies.schemas import CompanyQuery
from serve.tenancy import Tenancy
from tests.integration.serve.conftest import NewTenant
from tests.support.published import card, company, publish

PUBLISHES = 50
ROWS = 12


def rows_of(build_id: str) -> dict[str, list[dict]]:  # type: ignore[type-arg]
    """Every row says which build it is of."""
    return {
        "cards": [card(n, why=build_id) for n in range(ROWS)],
        "companies": [company(n, domain=build_id) for n in range(ROWS)],
    }


def read(tenancy: Tenancy, tenant: NewTenant) -> Iterator[str]:
    """The build's own name, and the mark of every row read in one session."""
    user = UserDirectory(tenant.api.engine).by_subject(f"demo|{tenant.tenant_id}|viewer")
    with tenancy.session(user) as session:
        yield session.build.build_id
        page = CardRepository(session).page(CardQuery())
        assert len(page.items) == CardRepository(session).total(CardQuery()) == ROWS
        yield from (row["why"] for row in page.items)
        companies = CompanyRepository(session).page(CompanyQuery()).items
        assert len(companies) == ROWS
        yield from (row["domain"] for row in companies)


def test_a_reader_never_sees_half_a_build(tenant: NewTenant) -> None:
    engine, tenant_id = tenant.api.engine, TenantId(tenant.tenant_id)
    UserDirectory(engine).keep_demo_user(tenant_id, Role.VIEWER)
    publish(engine, tenant_id, "build-000", **rows_of("build-000"))
    tenancy, is_done = Tenancy(engine), threading.Event()
    seen: list[set[str]] = []
    failures: list[BaseException] = []

    def keep_reading() -> None:
        try:
            while not is_done.is_set():
                seen.append(set(read(tenancy, tenant)))
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's failure
            failures.append(error)

    readers = [threading.Thread(target=keep_reading) for _ in range(2)]
    for reader in readers:
        reader.start()
    store = BuildStore(engine)
    try:
        for number in range(1, PUBLISHES + 1):
            name = f"build-{number:03d}"
            publish(engine, tenant_id, name, **rows_of(name))
            store.collect(tenant_id, kept=1)
    finally:
        is_done.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert [marks for marks in seen if len(marks) != 1] == []
    assert len({name for marks in seen for name in marks}) > 3, "the readers must have lived through publishes"
    last = tenant.get("/cards").json()
    assert {last["build"]["build_id"], *(item["why"] for item in last["items"])} == {f"build-{PUBLISHES:03d}"}


def test_a_session_stays_on_its_build_while_a_new_one_is_put_in_place(tenant: NewTenant) -> None:
    engine = tenant.api.engine
    user = UserDirectory(engine).keep_demo_user(tenant.tenant_id, Role.VIEWER)
    publish(engine, tenant.tenant_id, "old", **rows_of("old"))
    with Tenancy(engine).session(user) as session:
        assert session.build.build_id == "old"
        publish(engine, tenant.tenant_id, "new", **rows_of("new"))
        BuildStore(engine).collect(TenantId(tenant.tenant_id), kept=1)
        assert {row["why"] for row in CardRepository(session).page(CardQuery()).items} == {"old"}
    assert tenant.get("/cards").json()["build"]["build_id"] == "new"
