"""A process that spends a portal's budget with several threads for a while: `python -m tests.support.limits_worker '<json>'`.

It says `ready` once it could start, begins at the first line on its standard input, and prints its counts at the end.
"""

import json
import sys
import threading
import time
from pathlib import Path

from pydantic import SecretStr

from core.warehouse import connect
from ingestion.hubspot.client import HubSpotClient
from ingestion.hubspot.limiter import Limits
from ingestion.hubspot.limits.shared import open_limits


def main() -> None:
    given = json.loads(sys.argv[1])
    with open_limits(connect(given["warehouse_url"]), Path(given["data_dir"])) as limits:
        limiter = limits.portal(given["base_url"], given["tenant"], Limits(**given["limits"]))
        with HubSpotClient(given["base_url"], given["tenant"], SecretStr(given["token"]), limiter=limiter) as client:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
            until = time.monotonic() + given["seconds"]

            def work(is_search: bool) -> None:
                while time.monotonic() < until:
                    if is_search:
                        client.post("/crm/objects/2026-09/tickets/search", {"limit": 1}, what="tickets", is_search=True)
                    else:
                        client.get("/crm/objects/2026-09/tickets", {"limit": 1}, what="tickets")

            kinds = [False] * given["threads"] + [True] * given["search_threads"]
            threads = [threading.Thread(target=work, args=(kind,)) for kind in kinds]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            counts = client.counts
            sys.stdout.write(json.dumps({"sent": counts.sent, "refused": counts.refused}))


if __name__ == "__main__":
    main()
