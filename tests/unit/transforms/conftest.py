"""The project parsed once for every test of its manifest: a parse takes seconds."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from transforms import runner


@dataclass(frozen=True)
class ParsedProject:
    """The manifest of a parse without any warehouse, and what the parse left in the project's own folder."""

    manifest: Path
    new_files: frozenset[Path]


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> ParsedProject:
    """The whole project, parsed into a fresh folder."""
    before = _files(runner.PROJECT_DIR)
    manifest = runner.parse(tmp_path_factory.mktemp("manifest"))
    return ParsedProject(manifest, _files(runner.PROJECT_DIR) - before)


def _files(folder: Path) -> frozenset[Path]:
    return frozenset(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
