"""`make demo` as a newcomer has it: the summary, the served board, and nothing left running afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from orchestration.demo.run import free_port
from tests.support.pages import PAGES, PUBLIC_PAGES
from tests.support.pictures import take_pictures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo and the URL it will serve on."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "churnboard", "demo"],
        env=os.environ | {"DATA_DIR": str(tmp_path), "API_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def wait_until(condition: object, seconds: float) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/ready", timeout=2).is_success
    except httpx.TransportError:
        return False


def test_a_demo_serves_what_it_found_on_every_page_and_ctrl_c_leaves_nothing_running(
    demo: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, url = demo
    wait_until(lambda: answers(url) or process.poll() is not None, 600)
    token = httpx.post(f"{url}/api/v1/auth/demo", json={"tenant": "lumenbrook", "role": "viewer"}).json()[
        "access_token"
    ]
    cards = httpx.get(f"{url}/api/v1/cards", headers={"Authorization": f"Bearer {token}"}).json()["items"]
    assert {card["trigger_type"] for card in cards} == {"frustrated", "significant_support", "silently_struggling"}
    pictures = take_pictures(url, tmp_path)
    assert pictures.keys() == {*PAGES, *PUBLIC_PAGES, "board-phone"}
    # A blank page is a picture of few bytes.
    assert min(picture.stat().st_size for picture in pictures.values()) > 10_000
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("serve" in child.cmdline() for child in children)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert "27 of 27 planted accounts have their card." in " ".join(output.split())
    assert url in output
    wait_until(lambda: not any(child.is_running() for child in children), 10)


def test_a_killed_demo_takes_its_servers_with_it(demo: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = demo
    children: list[psutil.Process] = []

    def has_started_the_sandbox() -> bool:
        children[:] = psutil.Process(process.pid).children()
        return bool(children)

    wait_until(has_started_the_sandbox, 120)
    process.kill()
    process.wait()
    wait_until(lambda: not any(child.is_running() for child in children), 60)
