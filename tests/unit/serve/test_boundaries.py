"""Tenant safety as a lint: who in `serve` may touch the database, read off the syntax trees.

Everything else gets its rows from a `TenantSession`, which knows the tenant and the build. Should a module have to be added to
the lists below, it needs its own answer to the question how it keeps tenants apart.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVE = ROOT / "serve"

MAY_TOUCH_THE_DATABASE = {
    "serve/tenancy.py",  # the choke point of reads
    "serve/writing.py",  # the choke point of writes
    "serve/auth/users.py",  # a subject has no tenant yet
    "serve/health/checks.py",  # looks at the catalogue, never at rows
}
WRITERS = {
    *(
        "BudgetBook",
        "CardBook",
        "ChannelBook",
        "ConnectionStore",
        "ConsentBook",
        "CorrectionBook",
        "DeletionBook",
        "NotificationBook",
        "RuleBook",
        "TenantBook",
        "TopicBook",
        "TriggerBook",
        "ViewBook",
    ),
    *("Writing", "TenantWriter"),
}
"""What writes for a tenant it is told; only the choke point may tell it one."""
MAY_MAKE_WRITERS = {"serve/writing.py", "serve/services.py"}
MAY_OPEN_IT = {"serve/app.py", "serve/main.py"}
MAY_PASS_AN_ENGINE_ON = MAY_OPEN_IT | {"serve/services.py"}

EXPRESSIONS = {
    *("ColumnElement", "Select", "Subquery"),
    *("and_", "case", "false", "func", "literal", "or_", "select", "true"),
}
"""What a repository may import from SQLAlchemy: ways to ask, none to get hold of rows or of tables."""

ACCESS = {"connect", "begin", "execute", "exec_driver_sql", "raw_connection", "_connection", "_engine", "engine"}


def modules() -> list[Path]:
    return [path for path in SERVE.rglob("*.py") if "ui" not in path.relative_to(SERVE).parts]


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every (module, name) imported anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def violations(name: str, source: str) -> list[str]:
    """What a module does that it may not."""
    tree = ast.parse(source)
    found = []
    for module, imported in imports(tree):
        where = f"{name}: {module}.{imported}"
        if module.startswith("core.appdb") and name not in MAY_TOUCH_THE_DATABASE:
            is_opening = name in MAY_OPEN_IT and imported == "open_app_database"
            found += [] if is_opening else [where]
        if module == "core" and imported == "appdb" and name not in MAY_TOUCH_THE_DATABASE:
            found.append(where)
        if module.split(".")[0] == "sqlalchemy" and name not in MAY_TOUCH_THE_DATABASE:
            is_failure = module == "sqlalchemy.exc"
            is_passing = name in MAY_PASS_AN_ENGINE_ON and imported == "Engine"
            is_asking = module == "sqlalchemy" and imported in EXPRESSIONS
            found += [] if is_failure or is_passing or is_asking else [where]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ACCESS and name not in MAY_TOUCH_THE_DATABASE:
            found.append(f"{name}:{node.lineno}: .{node.attr}")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS and name not in MAY_MAKE_WRITERS:
            found.append(f"{name}:{node.lineno}: {ast.unparse(node.func)}(…)")
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "User" and name != "serve/auth/users.py":
            found.append(f"{name}:{node.lineno}: User(…)")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_rows_are_reached_through_a_tenant_session_only(path: Path) -> None:
    assert violations(str(path.relative_to(ROOT)), path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from core.appdb.tables import PUBLISHED",
        "from core.appdb import open_app_database",
        "from core import appdb",
        "import core.appdb.tables",
        "import sqlalchemy",
        "import sqlalchemy as sa",
        "from sqlalchemy import text",
        "from sqlalchemy import Engine",
        "from sqlalchemy import table",
        "from sqlalchemy.orm import Session",
        "def read(session): return session._connection.execute('x')",
        "def read(services): return services.engine",
        "def forge(): return User(tenant_id='beta')",
        "def forge(open, vault): return ConnectionStore('beta', open, vault)",
        "def forge(engine, vault, user): return TenantWriter(engine, vault, user)",
        "def later():\n    from core.appdb.tables import tenant",
    ],
)
def test_the_lint_sees(source: str) -> None:
    assert violations("serve/board/repository.py", source)


def test_the_lists_name_modules_that_exist() -> None:
    assert all((ROOT / name).is_file() for name in MAY_TOUCH_THE_DATABASE | MAY_PASS_AN_ENGINE_ON | MAY_MAKE_WRITERS)
