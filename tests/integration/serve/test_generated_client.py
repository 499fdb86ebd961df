"""A client made from the API's description by somebody else's generator, against the running API."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from core.appdb import open_app_database
from core.vocabulary import Role
from serve.openapi import openapi_document
from tests.support.api import Api, keep_issuer_key, local_settings
from tests.support.published import add_tenant, publish_sample
from tests.support.served import served_api


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_bytes(orjson.dumps(openapi_document()))
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", str(document), "--meta", "none", "--output-path", str(folder / "churnboard_client")),
            "--fail-on-warning",
        ],
        # The generator looks for its formatter on the path, where an environment that is not activated is not.
        env={**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("churnboard_client")
    finally:
        sys.path.remove(str(folder))


def test_a_generated_client_reads_the_board_and_acts_on_it(package: ModuleType, tmp_path: Path) -> None:
    engine = open_app_database(f"sqlite:///{tmp_path / 'app.db'}")
    add_tenant(engine, "acme")
    publish_sample(engine, "acme")
    keep_issuer_key(tmp_path)
    token = Api(None, engine, tmp_path).token("acme", Role.MEMBER)  # type: ignore[arg-type] # it signs without a client
    board = {
        name: importlib.import_module(f"churnboard_client.api.board.{name}")
        for name in ("list_cards", "get_card", "act_on_card")
    }
    models = importlib.import_module("churnboard_client.models")
    with served_api(local_settings(tmp_path), engine) as url:
        client = package.AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)
        seen, cursor = [], package.types.UNSET
        while True:
            page = board["list_cards"].sync(client=client, limit=2, cursor=cursor)
            assert isinstance(page, models.CardPage)
            seen += page.items
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert len(seen) == page.total == 4
        card = board["get_card"].sync(seen[0].card_id, client=client)
        assert isinstance(card, models.CardDetail)
        assert card.why
        assert card.evidence[0].quote
        done = board["act_on_card"].sync(
            card.card_id,
            client=client,
            body=models.Move(seq=card.seq, type_="status_changed", status=models.CardStatus.WORKING),
        )
        assert isinstance(done, models.Done)
        assert done.state.status == "working"
        late = board["act_on_card"].sync(
            card.card_id,
            client=client,
            body=models.Move(seq=card.seq, type_="status_changed", status=models.CardStatus.WORKING),
        )
        assert isinstance(late, models.CardChangedBody)
        assert late.error == "CardChangedMeanwhile"
        missing = board["get_card"].sync("none", client=client)
        assert isinstance(missing, models.ErrorBody)
    engine.dispose()
