"""Following what was asked for, on both engines."""

from cryptography.fernet import Fernet

from core.appdb.engine import writing
from core.appdb.tasks import TaskBook
from core.secrets import Vault
from core.tenants import tenant_id
from core.vocabulary import Role, TaskKind, TaskStatus
from serve.auth.users import User
from serve.writing import Writing
from tests.integration.serve.conftest import NewTenant


def ask(tenant: NewTenant, kind: TaskKind, of: str | None = None) -> str:
    book = TaskBook(of or tenant.tenant_id, lambda: writing(tenant.api.engine))
    return book.ask(kind, {"days": 90}, asked_by="ada")


def test_a_task_can_be_followed_before_anything_was_published(tenant: NewTenant) -> None:
    task_id = ask(tenant, TaskKind.IMPORT)
    answer = tenant.get(f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["task_id"], body["kind"], body["status"], body["arguments"]) == (
        task_id,
        "import",
        "queued",
        {"days": 90},
    )
    assert "attempt" not in body
    assert [one["task_id"] for one in tenant.get("/tasks").json()["items"]] == [task_id]
    assert tenant.get("/tasks", params={"kind": "backtest"}).json()["items"] == []


def test_another_tenants_task_is_not_there(tenant: NewTenant) -> None:
    foreign = ask(tenant, TaskKind.IMPORT, "beta")
    assert tenant.get(f"/tasks/{foreign}").json()["error"] == "TaskNotFound"
    assert tenant.get("/tasks").json()["items"] == []


def test_a_request_asks_for_its_own_tenant_and_again_for_nothing_new(tenant: NewTenant) -> None:
    user = User(tenant_id=tenant_id(tenant.tenant_id), subject="ada", email="a@x.example", name="Ada", role=Role.ADMIN)
    writer = Writing(tenant.api.engine, Vault(Fernet.generate_key().decode())).of(user)
    first = writer.tasks.ask(TaskKind.BACKTEST, {"days": 30}, asked_by=user.subject)
    assert writer.tasks.ask(TaskKind.BACKTEST, {"days": 30}, asked_by=user.subject) == first
    assert [one["task_id"] for one in tenant.get("/tasks").json()["items"]] == [first]


def test_whoever_asked_and_admins_stop_a_task(tenant: NewTenant) -> None:
    def stop(task_id: str, role: Role) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, role)}"}
        answer = tenant.api.client.post(f"/api/v1/tasks/{task_id}/cancel", headers=headers)
        return answer.status_code, answer.json().get("error") or answer.json()["status"]

    foreign = ask(tenant, TaskKind.IMPORT)
    assert stop(foreign, Role.VIEWER)[0] == 403
    assert stop(foreign, Role.MEMBER) == (403, "NotYours")
    assert stop(foreign, Role.ADMIN) == (202, TaskStatus.CANCELLED)
    assert stop(foreign, Role.ADMIN) == (202, TaskStatus.CANCELLED)
    book = TaskBook(tenant.tenant_id, lambda: writing(tenant.api.engine))
    mine = book.ask(TaskKind.BACKTEST, {}, asked_by=f"demo|{tenant.tenant_id}|member")
    assert stop(mine, Role.MEMBER) == (202, TaskStatus.CANCELLED)
    deletion = book.ask(TaskKind.TENANT_DELETION, {}, asked_by="ada")
    assert stop(deletion, Role.ADMIN) == (409, "NothingToStop")
    assert stop("no-such-task", Role.ADMIN) == (404, "TaskNotFound")
    trail = tenant.api.client.get(
        "/api/v1/audit", headers={"Authorization": f"Bearer {tenant.api.token(tenant.tenant_id, Role.ADMIN)}"}
    ).json()["items"]
    assert [(one["action"], one["object_id"], one["details"]) for one in trail] == [
        ("task_cancelled", mine, {"kind": "backtest"}),
        ("task_cancelled", foreign, {"kind": "import"}),
    ]
