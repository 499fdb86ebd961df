"""What the repository promises about itself: docs that resolve, targets with help, names that agree, nothing of a machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from core.appdb.tables import PUBLISHED
from core.erasure.registry import MODELS, Holding
from core.naming import BI_ONLY_MARTS, MARTS, PUBLISHED_MARTS
from tests.support.pages import PAGES as EVERY_PAGE
from tests.support.pages import PASSED_THROUGH, PUBLIC_PAGES

ROOT = Path(__file__).parents[2]
TRACKED = [
    ROOT / name
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
]
PAGES = [file for file in TRACKED if file.suffix == ".md"]


def table_of(page: str, name: str) -> str:
    [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |") and "one row per" in line]
    return row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_the_docs_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_make_target_that_people_use_has_a_help_line() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "lint", "dev", "serve", "sandbox", "bench", "docs", "clean"):
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target
    readme = (ROOT / "README.md").read_text()
    for target in re.findall(r"`make ([a-z-]+)", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_what_is_published_is_what_the_naming_page_says() -> None:
    page = (ROOT / "docs" / "names.md").read_text()
    assert set(PUBLISHED) == set(PUBLISHED_MARTS)
    for mart, table in PUBLISHED.items():
        named = re.sub(r"\([^)]*\)", "", table_of(page, mart).split("one row per", 1)[1])
        columns = re.findall(r"`([a-z_0-9]+)`", named)
        assert [column.name for column in table.columns if column.name != "build_id"] == columns, mart


def test_what_only_bi_reads_holds_nothing_that_a_person_wrote() -> None:
    holdings = {holding.table: holding for holding in MODELS if holding.schema == MARTS}
    for mart in BI_ONLY_MARTS:
        assert holdings[mart] == Holding(MARTS, mart), (
            f"{mart} holds words or names, which erasure reaches in serving tables only: take it out of core.naming.BI_ONLY_MARTS, "
            "into PUBLISHED_MARTS, with a table in core/appdb/tables.py and a migration"
        )


def test_every_dependency_earns_its_place_in_one_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for dependency in listed:
        [line] = [line for line in lines if line.strip().startswith(f'"{dependency}"')]
        assert re.search(r"# \S.{9,}", line) or dependency.startswith("churnboard["), dependency


def test_no_index_and_no_place_of_this_machine_stands_in_a_file() -> None:
    foreign = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|/root/|/work/")
    files = [file for file in TRACKED if file.is_file() and file.suffix != ".png" and file != Path(__file__)]
    found = [f"{file}: {line}" for file in files for line in file.read_text().splitlines() if foreign.search(line)]
    assert found == []


def test_every_test_the_docs_vouch_with_is_there() -> None:
    page = (ROOT / "docs" / "hubspot.md").read_text()
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", page):
        assert f"def {name}(" in tests, name
    for path in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / path).exists(), path


def test_every_page_is_pictured_in_the_docs() -> None:
    routes = "\n".join((ROOT / "serve/ui/src" / file).read_text() for file in ("router.ts", "settings/sections.ts"))
    assert set(re.findall(r'name: "([\w-]+)"', routes)) == {*EVERY_PAGE, *PUBLIC_PAGES, *PASSED_THROUGH}
    shown = re.findall(r"!\[[^\]]+\]\(images/([\w-]+)\.png\)", (ROOT / "docs" / "pages.md").read_text())
    assert sorted(shown) == sorted([*EVERY_PAGE, *PUBLIC_PAGES, "board-phone"])
