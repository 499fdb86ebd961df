"""The demo itself: sandbox up, tenants connected, everything materialised through Dagster, board served."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from core.installation import Installation
from core.settings import HubSpotSettings, Settings, StoreSettings, TransformSettings
from orchestration.build import build_definitions
from orchestration.demo.connect import connect_tenants
from orchestration.demo.processes import server, wait_for_file, wait_for_url
from orchestration.demo.scene import Scene, set_scene
from orchestration.demo.summary import Summary, render, summarise
from orchestration.instance import open_instance
from orchestration.refresh import Step, refresh


def run_demo(settings: Settings, *, tickets: Path | None, is_serving: bool, seed: int, console: Console) -> Summary:
    """Play the demo; blocks on the served board until Ctrl-C where `is_serving`.

    Raises:
        NoSuchTickets: `tickets` cannot be read.
        ServerDidNotStart: The sandbox or the API did not come up; the message names its log.
        RefreshFailed: A run failed; the message says which and why.
    """
    scene = set_scene(settings.stores.data_dir, tickets, datetime.now(UTC))
    with _progress(console) as progress, _sandbox(scene, seed, progress) as described:
        place = Installation(_settings(settings, scene, described["base_url"]))
        connect_tenants(place, described)
        task = progress.add_task("starting Dagster", total=None)

        def on_step(step: Step) -> None:
            progress.update(task, description=step.title, completed=step.number - 1, total=step.count)

        definitions = build_definitions(resources={"place": place})
        refresh(definitions, open_instance(scene.data_dir), place, on_step=on_step, is_quiet=True)
        progress.update(task, description="published", completed=1, total=1)
    summary = summarise(place, None if scene.tickets else scene.truth_file)
    console.print(render(summary))
    if is_serving:
        _serve(place, scene, scene.folder / "serve.log", console)
    return summary


def _settings(settings: Settings, scene: Scene, base_url: str) -> Settings:
    """The same settings on the scene's folder, its moment and its sandbox; stores a person named stay where they named them."""
    return settings.model_copy(
        update={
            "stores": StoreSettings(**settings.stores.model_dump() | {"data_dir": scene.data_dir}),
            "hubspot": HubSpotSettings(**settings.hubspot.model_dump() | {"hubspot_base_url": base_url}),
            "transforms": TransformSettings(**settings.transforms.model_dump() | {"as_of": scene.until}),
        }
    )


@contextmanager
def _sandbox(scene: Scene, seed: int, progress: Progress) -> Iterator[dict[str, Any]]:
    task = progress.add_task("generating tickets and starting the sandbox", total=None)
    log = scene.folder / "sandbox.log"
    scene.ready_file.unlink(missing_ok=True)
    port = free_port()
    arguments = ["sandbox", "--port", str(port), "--describe", str(scene.ready_file), "--truth", str(scene.truth_file)]
    arguments += ["--until", scene.until.isoformat(), "--seed", str(seed)]
    if scene.tickets:
        arguments += ["--tickets", str(scene.tickets)]
    with server(arguments, environment={}, log=log) as process:
        described = wait_for_file(process, scene.ready_file, log)
        base_url = f"http://127.0.0.1:{port}"
        wait_for_url(process, base_url, log)
        count = sum(portal["tickets"] for portal in described["tenants"])
        progress.update(task, description=f"sandbox: {count:,} tickets", total=1, completed=1)
        yield described | {"base_url": base_url}


def _serve(place: Installation, scene: Scene, log: Path, console: Console) -> None:
    serve = place.settings.serve
    environment = {
        "DATA_DIR": str(scene.data_dir),
        "APP_DATABASE_URL": place.settings.stores.app_database,
        "API_HOST": serve.api_host,
        "API_PORT": str(serve.api_port),
    }
    url = f"http://{serve.api_host}:{serve.api_port}"
    with server(["serve"], environment=environment, log=log) as process:
        wait_for_url(process, f"{url}/api/v1/ready", log)
        console.print(f"\nThe board is at [bold]{url}[/bold] (API: {url}/docs). Ctrl-C ends the demo.")
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        while process.poll() is None and not stop.wait(0.5):
            pass


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        yield progress


def free_port() -> int:
    """A loopback port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
