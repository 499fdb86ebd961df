import stat
import threading
from pathlib import Path

import pytest

from core.secrets import InvalidKey, Vault, local_key


def test_two_that_start_together_agree_on_one_local_key(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(local_key(tmp_path / "local.key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert stat.S_IMODE((tmp_path / "local.key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["local.key"]


def test_a_wrong_key_is_refused_with_the_way_to_make_one() -> None:
    with pytest.raises(InvalidKey, match="generate_key"):
        Vault("hunter2")
