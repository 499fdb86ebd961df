"""The stores, on real files and servers: what is shared, what survives, and how they fail."""

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from pydantic import SecretStr

from ingestion.hubspot.limits.postgres import PostgresStore
from ingestion.hubspot.limits.state import Budget, DailyStop, PortalState
from ingestion.hubspot.limits.store import FileStore, LimitStore, LimitsUnavailable, Now, PortalKey, decoded, encoded

KEY = PortalKey("acme", "https://api.example")


@pytest.fixture(params=["file", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LimitStore:
    if request.param == "file":
        return FileStore(tmp_path / "new folder" / "limits.db")
    return PostgresStore(SecretStr(request.getfixturevalue("postgres_url")))


def take(state: PortalState, now: Now) -> int:
    window = state.window(Budget.BURST, 1_000, 60_000)
    window.ask(f"{len(window.in_flight)}", int(now.seconds * 1000), 60_000)
    return len(window.in_flight)


def test_a_portal_nobody_has_called_starts_fresh_and_is_remembered(store: LimitStore) -> None:
    assert store.standing() == {}
    assert [store.change(KEY, take), store.change(KEY, take)] == [1, 2]
    assert store.change(PortalKey("globex", KEY.base_url), take) == 1
    assert [key.tenant_id for key in store.standing()] == ["acme", "globex"]
    store.close()
    assert store.change(KEY, take) == 3
    store.close()


def test_a_step_that_fails_leaves_nothing_behind(store: LimitStore) -> None:
    def fail(state: PortalState, now: Now) -> None:
        take(state, now)
        raise RuntimeError

    store.change(KEY, take)
    with pytest.raises(RuntimeError):
        store.change(KEY, fail)
    assert store.change(KEY, take) == 2
    store.close()


def test_its_clock_does_not_stand_still_or_go_back(store: LimitStore) -> None:
    moments = [store.change(KEY, lambda _state, now: now.seconds) for _ in range(20)]
    assert moments == sorted(moments)
    assert moments[0] < moments[-1]
    store.close()


def _take_in_a_child(store: FileStore) -> None:
    store.change(KEY, take)


def test_a_forked_process_shares_the_file_not_the_connection(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "limits.db")
    store.change(KEY, take)
    child = multiprocessing.get_context("fork").Process(target=_take_in_a_child, args=(store,))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert store.change(KEY, take) == 3
    store.close()


def test_a_connection_that_was_cut_is_made_anew(postgres_url: str) -> None:
    store = PostgresStore(SecretStr(postgres_url))
    store.change(KEY, take)
    admin = psycopg2.connect(postgres_url)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    admin.close()
    assert store.change(KEY, take) == 2
    store.close()


def test_a_server_that_is_gone_is_a_sentence_without_a_password() -> None:
    store = PostgresStore(SecretStr("postgresql://someone:hush@127.0.0.1:9/nothing"))
    for act in (store.standing, lambda: store.change(KEY, take)):
        with pytest.raises(LimitsUnavailable, match="correct WAREHOUSE_URL") as failed:
            act()
        assert "hush" not in str(failed.value)


def test_a_file_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "limits.db").write_text("this is not a database, and long enough not to be taken for a new one" * 20)
    store = FileStore(tmp_path / "limits.db")
    for act in (store.standing, lambda: store.change(KEY, take)):
        with pytest.raises(LimitsUnavailable, match=r"limits\.db"):
            act()


def test_everything_that_is_known_is_stored() -> None:
    state = PortalState()
    state.told, state.time_zone = (190, 10_000), "Europe/Berlin"
    state.stop = DailyStop(datetime(2026, 5, 2, tzinfo=UTC), "no")
    state.window(Budget.SEARCH, 5, 1_000).ask("a", 1, 2)
    found = decoded(encoded(state))
    assert found.as_json() == state.as_json()
    assert found.stop == state.stop


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b'{"windows": 1}', b'{"windows": {"other": {}}}', b"null"])
def test_a_state_that_cannot_be_read_is_a_new_one(stored: bytes) -> None:
    assert decoded(stored).as_json() == PortalState().as_json()
