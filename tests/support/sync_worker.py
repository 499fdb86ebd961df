"""A process that syncs one sandbox portal, for tests that kill it: `python -m tests.support.sync_worker '<json>'`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from core.tenants import cell, tenant_id
from core.warehouse import connect
from ingestion.hubspot.sync import Options, PortalAccess, sync_cell
from tests.support.portals import UNLIMITED


def main() -> None:
    given = json.loads(sys.argv[1])
    sync_cell(
        cell(given["tenant"]),
        [PortalAccess(tenant_id(given["tenant"]), given["base_url"], SecretStr(given["token"]), UNLIMITED)],
        warehouse=connect(given["warehouse_url"], lock_timeout_seconds=60),
        work_dir=Path(given["work_dir"]),
        run_id="worker",
        options=Options(
            overlap_seconds=60,
            lag_seconds=0,
            now=lambda: datetime.fromisoformat(given["now"]).astimezone(UTC),
            package_rows=given["package_rows"],
        ),
    )


if __name__ == "__main__":
    main()
