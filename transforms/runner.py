"""Runs the dbt project in this process: a build over a warehouse, and the manifest the orchestrator reads its lineage from.

In process, so that a build dies with its parent and costs no second interpreter. dbt keeps flags, adapters and logging in
process-wide globals and takes its connection from the environment; `_ONE_AT_A_TIME` and `_environment` keep both to the length of
one invocation. What goes in is a warehouse URL, what comes out are plain dataclasses: no dbt type leaves this module. The caller
holds the warehouse's write lock; this module only makes sure no connection outlives the call.
"""

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from core.errors import Terminal

PROJECT_DIR = Path(__file__).parent
"""Where dbt_project.yml and profiles.yml stand."""

_ONE_AT_A_TIME = threading.RLock()
_SOURCE_SUFFIXES = frozenset({".sql", ".yml", ".csv"})
_REPORTED = frozenset({"model", "seed", "test", "unit_test"})
_BAD = frozenset({"error", "fail", "runtime error", "partial success"})


class TransformFailed(Terminal):
    """A model did not build, a test did not hold, or the project cannot be read."""

    def __init__(self, message: str, nodes: Sequence["NodeResult"] = ()) -> None:
        super().__init__(message)
        self.nodes = tuple(nodes)
        """Every node that ran or was skipped, in the order they finished."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test."""

    unique_id: str
    """dbt's name, for instance `model.churnboard.companies`."""

    resource_type: str
    """`model`, `seed`, `test` or `unit_test`."""

    name: str
    """The name as in the project."""

    status: str
    """dbt's word: success, error, pass, fail, warn, skipped."""

    failures: int | None
    """Rows a test objected to; None for what is not a test."""

    message: str
    """dbt's message, '' where there is none."""

    execution_seconds: float
    """Wall time."""

    rows_affected: int | None
    """Rows written, where the engine says; None otherwise."""

    schema: str
    """Schema of the relation, '' for a unit test."""

    relation: str
    """Name of the relation; for a test, of the test."""

    @property
    def is_failed(self) -> bool:
        """Whether this node alone fails a build."""
        return self.status in _BAD


@dataclass(frozen=True)
class BuildResult:
    """A build that succeeded."""

    nodes: tuple[NodeResult, ...]
    """Every node in the order they finished."""

    elapsed_seconds: float
    """Wall time of the whole invocation."""

    log_path: Path
    """dbt's log of it."""

    def of_type(self, resource_type: str) -> tuple[NodeResult, ...]:
        """The nodes of one kind, for instance `model`."""
        return tuple(node for node in self.nodes if node.resource_type == resource_type)


def build(
    warehouse_url: str,
    *,
    select: str | None = None,
    exclude: str | None = None,
    as_of: str | datetime | None = None,
    target_dir: Path | None = None,
    threads: int = 2,
    has_unit_tests: bool = False,
    has_data_tests: bool = True,
    variables: Mapping[str, int | str] | None = None,
    scored_until_on: date | None = None,
    on_node: Callable[[NodeResult], None] | None = None,
) -> BuildResult:
    """Build seeds and models and run their data tests, in dependency order (`dbt build`).

    Args:
        warehouse_url: `duckdb:///path` or `postgresql://…`; all source tables must exist, empty or not.
        select: dbt node selection, None for the whole project.
        exclude: dbt node selection to leave out.
        as_of: The instant to compute for (naive: UTC); None for the moment the run starts.
        target_dir: Where dbt writes artifacts and, below `logs`, its log; None for `transforms/target`.
        threads: Nodes built at the same time.
        has_unit_tests: Also run the models' unit tests; they guard the code, not the data, so a production build leaves them out.
        has_data_tests: Whether to run the tests of the data; a build that nobody is served from may leave them out.
        variables: Further dbt variables, for instance `{"history_days": 30}`.
        scored_until_on: The last day that was scored in the build to go on from; None: everything is built whole. See `continuing`.
        on_node: Called once per node as it finishes, from dbt's threads.

    Raises:
        TransformFailed: Names the failing nodes, the first message and the log.
    """
    where = target_dir or PROJECT_DIR / "target"
    arguments = [
        "build",
        *_common_arguments(where),
        "--no-write-json",
        "--threads",
        str(threads),
        *_selection(select, exclude),
    ]
    for kind, is_run in (("unit_test", has_unit_tests), ("test", has_data_tests)):
        if not is_run:
            arguments += ["--exclude-resource-type", kind]
    if scored_until_on is None:
        arguments += ["--full-refresh", *_variables(as_of, variables or {})]
    else:
        arguments += _variables(as_of, {**(variables or {}), "scored_until_on": scored_until_on.isoformat()})
    finished: list[NodeResult] = []

    def collect(result: NodeResult) -> None:
        finished.append(result)
        if on_node:
            on_node(result)

    connection = _connection(warehouse_url, threads)
    manifest = _read_project(where, connection)
    # The project is a million objects, of which none goes before the end: Python need not look at them again and again.
    gc.freeze()
    try:
        outcome = _invoke(arguments, connection, collect, manifest=manifest)
    finally:
        gc.unfreeze()
    if isinstance(outcome.exception, KeyboardInterrupt):
        # dbt reports an interruption as if it were a failure of its own; whoever pressed Ctrl-C knows better.
        raise outcome.exception
    log_path = where / "logs" / "dbt.log"
    failed = [node for node in finished if node.is_failed]
    if failed:
        names = ", ".join(node.name for node in failed[:5]) + (
            f" and {len(failed) - 5} more" if len(failed) > 5 else ""
        )
        raise TransformFailed(
            f"The transformation failed at {names}: {_one_line(failed[0].message)} The log is {log_path}.", finished
        )
    if outcome.exception or not outcome.success:
        raise TransformFailed(
            f"The transformation could not run: {_one_line(str(outcome.exception or 'dbt gave no reason.'))} "
            f"The log is {log_path}.",
            finished,
        )
    return BuildResult(tuple(finished), float(getattr(outcome.result, "elapsed_time", 0.0)), log_path)


def document(warehouse_url: str, *, target_dir: Path, as_of: str | datetime | None = None) -> Path:
    """Write dbt's documentation of the project as one HTML file that needs no server and no network; returns it.

    What is documented comes from the project, what is there (relations, columns, types) from the warehouse, which is only read.
    `manifest.json` and `catalog.json` are left beside it.

    Args:
        warehouse_url: A warehouse the project was built in.
        target_dir: Where dbt writes.
        as_of: See `build`; stands in the SQL that is shown.

    Raises:
        TransformFailed: The project cannot be read, or the warehouse cannot be looked into.
    """
    arguments = ["docs", "generate", "--static", *_common_arguments(target_dir), *_variables(as_of, {})]
    outcome = _invoke(arguments, _connection(warehouse_url, 2), lambda _: None)
    errors = getattr(outcome.result, "errors", None)
    if outcome.exception or not outcome.success or errors:
        reason = outcome.exception or "; ".join(errors or ["dbt gave no reason."])
        raise TransformFailed(
            f"The documentation could not be written: {_one_line(str(reason))} The log is {target_dir / 'logs' / 'dbt.log'}."
        )
    return target_dir / "static_index.html"


def compiled(target_dir: Path, models: Iterable[str]) -> dict[str, str]:
    """The SQL of models as the last build into `target_dir` ran it: a select, for the day and the warehouse of that build."""
    wanted = set(models)
    found = (target_dir / "compiled").rglob("*.sql")
    return {file.stem: file.read_text(encoding="utf-8") for file in found if file.stem in wanted}


def manifest_path(target_dir: Path | None = None) -> Path:
    """The project's manifest.json, parsed anew only when a project file is newer; needs no warehouse.

    Raises:
        TransformFailed: The project does not parse.
    """
    where = target_dir or PROJECT_DIR / "target"
    manifest = where / "manifest.json"
    if not manifest.exists() or manifest.stat().st_mtime < _newest_source_time():
        parse(where)
    return manifest


def parse(target_dir: Path | None = None) -> Path:
    """Parse the project and write manifest.json; connects to nothing.

    Raises:
        TransformFailed: The project does not parse.
    """
    where = target_dir or PROJECT_DIR / "target"
    _read_project(where, _connection("duckdb:///:memory:", 1), is_written=True)
    return where / "manifest.json"


def _read_project(target_dir: Path, connection: Mapping[str, str], *, is_written: bool = False) -> Any:
    """The project as dbt parses it; what has not changed since it did so last into this folder, it takes from there.

    It is given no variable, as it would read everything anew for each other value; nothing that a variable says may stand in a
    model's configuration, nor decide which models it refers to. Nobody reads manifest.json of a folder that is only built into.
    """
    arguments = ["parse", *_common_arguments(target_dir), "--write-json" if is_written else "--no-write-json"]
    outcome = _invoke(arguments, connection, lambda _: None)
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    if not outcome.success:
        raise TransformFailed(
            f"The dbt project in {PROJECT_DIR} does not parse: {_one_line(str(outcome.exception))} "
            f"The log is {target_dir / 'logs' / 'dbt.log'}."
        )
    return outcome.result


def _common_arguments(target_dir: Path) -> list[str]:
    return [
        "--project-dir",
        str(PROJECT_DIR),
        "--profiles-dir",
        str(PROJECT_DIR),
        "--target-path",
        str(target_dir.resolve()),
        "--log-path",
        str((target_dir / "logs").resolve()),
        "--log-level",
        "none",
        "--log-level-file",
        "info",
        "--no-use-colors-file",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
    ]


def _selection(select: str | None, exclude: str | None) -> list[str]:
    # A test that also looks at models outside the selection runs only where those are built before it.
    chosen = ["--select", *select.split(), "--indirect-selection", "buildable"] if select else []
    return [*chosen, "--exclude", *exclude.split()] if exclude else chosen


def _variables(as_of: str | datetime | None, others: Mapping[str, int | str]) -> list[str]:
    values: dict[str, str | int] = dict(others)
    if as_of is not None:
        values["as_of"] = as_of.isoformat() if isinstance(as_of, datetime) else as_of
    return ["--vars", _as_yaml(values)] if values else []


def _connection(warehouse_url: str, threads: int) -> dict[str, str]:
    """The environment profiles.yml reads, for one warehouse."""
    scheme, _, rest = warehouse_url.partition("://")
    if scheme == "duckdb" and len(rest) > 1:
        path = rest[1:] if rest == "/:memory:" else str(Path(rest[1:]).resolve())
        return {
            "CHURNBOARD_DBT_TARGET": "duckdb",
            "CHURNBOARD_DBT_DUCKDB_PATH": path,
            "CHURNBOARD_DBT_THREADS": str(threads),
        }
    if scheme in {"postgresql", "postgres"}:
        if find_spec("dbt.adapters.postgres") is None:
            raise TransformFailed(
                "The warehouse is on Postgres, but dbt's adapter for it is not installed: install churnboard[postgres]."
            )
        url = urlsplit(warehouse_url)
        return {
            "CHURNBOARD_DBT_TARGET": "postgres",
            "CHURNBOARD_DBT_PG_HOST": url.hostname or "127.0.0.1",
            "CHURNBOARD_DBT_PG_PORT": str(url.port or 5432),
            "CHURNBOARD_DBT_PG_USER": unquote(url.username or "postgres"),
            "DBT_ENV_SECRET_CHURNBOARD_PG_PASSWORD": unquote(url.password or ""),
            "CHURNBOARD_DBT_PG_DBNAME": unquote(url.path.lstrip("/")) or "postgres",
            "CHURNBOARD_DBT_PG_SSLMODE": parse_qs(url.query).get("sslmode", ["prefer"])[0],
            "CHURNBOARD_DBT_THREADS": str(threads),
        }
    raise TransformFailed(
        f"The warehouse URL starts with {scheme!r}: use duckdb:///path/to/file.duckdb or postgresql://user@host/database."
    )


def _invoke(
    arguments: list[str], connection: Mapping[str, str], on_node: Callable[[NodeResult], None], *, manifest: Any = None
) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.resource_type in _REPORTED:
            on_node(_node_result(event.data))

    with _ONE_AT_A_TIME, _environment(connection), _interruptible():
        try:
            return dbtRunner(manifest, callbacks=[on_event]).invoke(arguments)
        finally:
            DuckDBConnectionManager.close_all_connections()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a signal that whoever calls us handles be a KeyboardInterrupt: at nothing else does dbt stop the queries that run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    for number in handled:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _node_result(data: Any) -> NodeResult:
    node, result = data.node_info, data.run_result
    is_test = node.resource_type in {"test", "unit_test"}
    rows = dict(result.adapter_response or {}).get("rows_affected") or "-1"
    return NodeResult(
        unique_id=node.unique_id,
        resource_type=node.resource_type,
        name=node.node_name,
        status=result.status,
        failures=int(result.num_failures) if is_test else None,
        message=result.message,
        execution_seconds=float(result.execution_time),
        rows_affected=int(float(rows)) if rows != "-1" and not is_test else None,
        schema=node.node_relation.schema,
        relation=node.node_relation.alias,
    )


def source_files() -> list[Path]:
    """Every file the project is made of: models, macros, seeds, tests, and what configures them."""
    return [
        path
        for path in PROJECT_DIR.rglob("*")
        if path.suffix in _SOURCE_SUFFIXES and "target" not in path.relative_to(PROJECT_DIR).parts
    ]


def _newest_source_time() -> float:
    return max(path.stat().st_mtime for path in source_files())


def _as_yaml(values: Mapping[str, str | int]) -> str:
    pairs = (f"{name}: {value}" if isinstance(value, int) else f"{name}: '{value}'" for name, value in values.items())
    return "{" + ", ".join(pairs) + "}"


def _one_line(message: str) -> str:
    text = " ".join(message.split())
    return text if text.endswith((".", "!", "?")) else text + "."
