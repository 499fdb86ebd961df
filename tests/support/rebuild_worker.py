"""A process that builds the marts and dies on the way.

    python -m tests.support.rebuild_worker URL AS_OF TARGET_DIR MODEL

kills itself, as `kill -9` would, as soon as that model is built.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from core.warehouse import connect
from transforms.continuing import rebuild
from transforms.runner import NodeResult

if __name__ == "__main__":
    url, as_of, target_dir, model = sys.argv[1:]

    def die(node: NodeResult) -> None:
        """At the model."""
        if node.name == model:
            os.kill(os.getpid(), signal.SIGKILL)

    rebuild(
        connect(url, lock_timeout_seconds=20),
        url,
        as_of=datetime.fromisoformat(as_of),
        target_dir=Path(target_dir),
        has_data_tests=False,
        on_node=die,
    )
