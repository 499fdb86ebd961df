"""Which files of a folder contain which bytes; a program of its own, started by `core.erasure.residue`.

A process of its own because of SQLite: whoever closes a file that their process also has open as a SQLite database takes away the
locks of its connections, and the next process to come folds the log in under their feet. Needles come on standard input,
never as arguments, which anybody on the machine may read.

In: a JSON object with `folder` and `needles` (base64). Out: a JSON object with the count of needles found, by file.
"""

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path

_CHUNK = 1 << 22


def scan(folder: Path, needles: Sequence[bytes]) -> dict[str, int]:
    """How many of these needles, in small letters, stand in each file that contains any; ASCII capitals count as small."""
    found: dict[str, int] = {}
    for file in sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()):
        try:
            count = _count(file, needles)
        except FileNotFoundError:
            continue
        if count:
            found[str(file.relative_to(folder))] = count
    return found


def _count(file: Path, needles: Sequence[bytes]) -> int:
    seen: set[bytes] = set()
    overlap = max(map(len, needles), default=1)
    tail = b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            text = tail + chunk.lower()
            seen |= {one for one in needles if one in text}
            tail = text[-overlap:]
    return len(seen)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(scan(Path(asked["folder"]), [base64.b64decode(one) for one in asked["needles"]]), sys.stdout)
