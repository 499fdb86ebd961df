"""The API as a process: a real socket, a real signal."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from core.appdb import open_app_database
from core.settings import ServeSettings, Settings, StoreSettings
from serve.errors import DatabaseUnavailable
from serve.main import AddressInUse, run
from tests.support.published import add_tenant, publish_sample

PROGRAM = """
from core.settings import Settings
from serve.main import run
import structlog, sys
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
run(Settings(), on_listening=lambda url: print(url, flush=True))
"""


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    engine.dispose()
    environment = os.environ | {"DATA_DIR": str(tmp_path), "API_PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=f"{url}/api/v1") as client:
            token = client.post("/auth/demo", json={"tenant": "acme", "role": "viewer"}).json()["access_token"]
            answer = client.get("/cards", headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["total"]) == (200, 4)
            assert "server" not in answer.headers
            # An open stream does not end by itself, and must not be waited for.
            with client.stream("GET", "/stream", headers={"Authorization": f"Bearer {token}"}) as stream:
                assert next(stream.iter_lines()) == "event: started"
                process.send_signal(signal.SIGTERM)
                rest, _ = process.communicate(timeout=8)
    finally:
        process.kill()
        process.wait()
    assert (rest, process.returncode) == ("", -signal.SIGTERM)


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(stores=StoreSettings(data_dir=tmp_path), serve=ServeSettings(**values))  # type: ignore[arg-type]


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"port {port}.*API_PORT"):
            run(settings(tmp_path, api_port=port))


def test_a_host_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AddressInUse, match="API_HOST"):
        run(settings(tmp_path, api_host="256.0.0.1", api_port=0))


def test_a_database_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "app.db").mkdir()
    with pytest.raises(DatabaseUnavailable, match="APP_DATABASE_URL"):
        run(settings(tmp_path, api_port=0))
