"""Runs every benchmark, one after another (`make bench`); each also runs alone, as `python -m benchmarks.<name>`."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run each package beside this file that has a `__main__`; stop at the first that fails."""
    for folder in sorted(Path(__file__).parent.iterdir()):
        if (folder / "__main__.py").exists():
            print(f"== {folder.name}", flush=True)
            code = subprocess.run([sys.executable, "-m", f"benchmarks.{folder.name}"], check=False).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
