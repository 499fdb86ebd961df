"""The demo itself: sandbox up, tenants connected, everything materialised through Dagster, board and worker started."""

import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
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

_NEWCOMER_TICKETS = 400
"""Enough for cards of every kind, and read within a minute."""


def run_demo(settings: Settings, *, tickets: Path | None, is_serving: bool, seed: int, console: Console) -> Summary:
    """Play the demo; blocks on the served board until Ctrl-C where `is_serving`.

    The sandbox goes on while the board is served: what changes in it is told by webhook, and its newcomer waits to be connected.

    Raises:
        NoSuchTickets: `tickets` cannot be read.
        ServerDidNotStart: The sandbox or the API did not come up; the message names its log.
        RefreshFailed: A run failed; the message says which and why.
    """
    scene = set_scene(settings.stores.data_dir, tickets, datetime.now(UTC))
    url = f"http://{settings.serve.api_host}:{settings.serve.api_port}"
    with ExitStack() as servers:
        with _progress(console) as progress:
            described = servers.enter_context(_sandbox(scene, seed, progress, tell=url if is_serving else None))
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
            _serve(place, scene, url, described, console)
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
def _sandbox(scene: Scene, seed: int, progress: Progress, *, tell: str | None) -> Iterator[dict[str, Any]]:
    task = progress.add_task("generating tickets and starting the sandbox", total=None)
    log = scene.folder / "sandbox.log"
    scene.ready_file.unlink(missing_ok=True)
    port = free_port()
    arguments = ["sandbox", "--port", str(port), "--describe", str(scene.ready_file), "--truth", str(scene.truth_file)]
    arguments += ["--until", scene.until.isoformat(), "--seed", str(seed)]
    arguments += ["--tickets", str(scene.tickets)] if scene.tickets else ["--newcomer", str(_NEWCOMER_TICKETS)]
    if tell is not None:
        arguments += ["--webhooks", f"{tell}/api/v1/webhooks/hubspot"]
    with server(arguments, environment={}, log=log) as process:
        described = wait_for_file(process, scene.ready_file, log)
        base_url = f"http://127.0.0.1:{port}"
        wait_for_url(process, base_url, log)
        count = sum(portal["tickets"] for portal in described["tenants"])
        progress.update(task, description=f"sandbox: {count:,} tickets", total=1, completed=1)
        yield described | {"base_url": base_url}


def _serve(place: Installation, scene: Scene, url: str, described: Mapping[str, Any], console: Console) -> None:
    """The API, and a worker beside it that imports what is connected and reads what changes."""
    serve, stores, base_url = place.settings.serve, place.settings.stores, described["base_url"]
    environment = {
        "DATA_DIR": str(scene.data_dir),
        "WAREHOUSE_URL": stores.warehouse,
        "APP_DATABASE_URL": stores.app_database,
        "API_HOST": serve.api_host,
        "API_PORT": str(serve.api_port),
        "API_PUBLIC_URL": url,
        "HUBSPOT_BASE_URL": base_url,
        "HUBSPOT_APP_URL": base_url,
        "HUBSPOT_CLIENT_ID": described["client_id"],
        "HUBSPOT_CLIENT_SECRET": described["client_secret"],
    }
    if scene.tickets:
        # Given tickets may end long ago; generated ones end now, and go on with what is changed in the sandbox.
        environment["AS_OF"] = scene.until.isoformat()
    log, worker_log = scene.folder / "serve.log", scene.folder / "work.log"
    with (
        server(["serve"], environment=environment, log=log) as process,
        server(["work", "--follow-webhooks"], environment=environment, log=worker_log),
    ):
        wait_for_url(process, f"{url}/api/v1/ready", log)
        console.print(f"\nThe board is at [bold]{url}[/bold] (API: {url}/docs). Ctrl-C ends the demo.")
        for portal in described["tenants"]:
            if portal["is_newcomer"]:
                name = portal["profile"]["name"]
                console.print(f"{name} is not connected yet: sign in there as admin to see how that goes.")
        console.print(f"HubSpot is played at {base_url}: what is changed there is on the board soon after.")
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
