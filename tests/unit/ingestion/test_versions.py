"""Only HubSpot's dated paths are used: v1 to v4 end in 2027."""

import re
from pathlib import Path

from ingestion.hubspot import reader

SOURCE = Path(__file__).parents[3] / "ingestion" / "hubspot"


def test_no_versioned_path_stands_in_the_source() -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in SOURCE.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"/v[1-4]/", line)
    ]
    assert found == []


def test_every_api_family_has_its_version() -> None:
    families = {"OBJECTS", "ASSOCIATIONS", "PIPELINES", "PROPERTIES", "OWNERS", "ACCOUNT"}
    assert {getattr(reader, family) for family in families} == {"2026-09"}
    text = (SOURCE / "reader.py").read_text()
    paths = re.findall(r'f"(/[a-z-]+/[^"]*)"', text)
    assert paths
    assert all(re.search(r"\{(" + "|".join(families) + r")\}", path) for path in paths), paths
