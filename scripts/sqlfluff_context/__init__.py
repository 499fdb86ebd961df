"""What dbt gives a model while it renders it, as far as our SQL asks, for sqlfluff, which renders with Jinja alone.

So that linting needs neither dbt nor a warehouse. A dispatched macro renders as its first argument: what an engine spells
differently is in the macros, and is not what is linted here.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

_VARIABLES: dict[str, object] = {"as_of": "2026-01-01T00:00:00Z"}


def var(name: str, default: object = 1) -> object:
    """A variable of dbt_project.yml; which number it is makes no difference to the SQL's shape."""
    return _VARIABLES.get(name, default)


class _Adapter:
    def dispatch(self, _macro: str, _package: str | None = None) -> Callable[..., str]:
        return lambda *arguments: str(arguments[0]) if arguments else "1"


adapter = _Adapter()
modules = SimpleNamespace(
    datetime=SimpleNamespace(datetime=datetime, timedelta=timedelta), pytz=SimpleNamespace(utc=UTC)
)
target = SimpleNamespace(type="duckdb")
run_started_at = datetime(2026, 1, 1, tzinfo=UTC)
