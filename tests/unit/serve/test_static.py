"""The board's files, and the page for every address the board resolves itself."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.settings import Settings
from serve.app import create_app


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>board</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-a1b2.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def client(dist: Path) -> TestClient:
    """Files need no database, so the application is not even started."""
    return TestClient(create_app(Settings(), dist=dist), follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/board", "/cards/1f/why", "/a.b", "/index.html", "/apiary"])
def test_every_address_of_the_board_is_the_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, "<title>board</title>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_files_are_served_as_what_they_are(client: TestClient) -> None:
    script = client.get("/assets/index-a1b2.js")
    assert script.headers["Content-Type"].split(";")[0] in {"text/javascript", "application/javascript"}
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    icon = client.get("/favicon.svg")
    assert (icon.headers["Content-Type"], icon.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")
    assert client.get("/favicon.svg", headers={"If-None-Match": icon.headers["ETag"]}).status_code == 304
    assert client.head("/").status_code == 200


def test_files_are_packed_for_whom_that_helps(dist: Path) -> None:
    (dist / "assets" / "index-1a2b.js").write_text("run();" * 1_000)
    client = TestClient(create_app(Settings(), dist=dist))
    packed = client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 10
    assert packed.text == plain.text
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["vary"]


def test_a_script_that_is_gone_is_not_a_page(client: TestClient) -> None:
    answer = client.get("/assets/index-old.js")
    assert (answer.status_code, answer.json()["error"]) == (404, "NotFound")


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd", "/%00"])
def test_nothing_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert "secret" not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code in {200, 404}


def test_only_reading(client: TestClient) -> None:
    answer = client.post("/board")
    assert (answer.status_code, answer.json()["error"], answer.headers["Allow"]) == (
        405,
        "MethodNotAllowed",
        "GET, HEAD",
    )


def test_nothing_foreign_may_run_in_the_page(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


def test_before_the_board_is_built_a_sentence_says_so(tmp_path: Path) -> None:
    client = TestClient(create_app(Settings(), dist=tmp_path / "none"))
    answer = client.get("/")
    assert answer.status_code == 503
    assert "make ui" in answer.text
    assert client.get("/api/v1/health").status_code == 200
