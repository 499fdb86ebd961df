"""A process that wants an access token: waits for its starting signal, asks once, prints a hash of what it got."""

import hashlib
import json
import sys
import time
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from core.appdb.engine import open_engine, writing
from core.connections import ConnectionStore
from core.secrets import Vault
from core.tenants import TenantId
from core.warehouse import connect
from ingestion.hubspot.tokens import StoredTokens
from tests.support.connections import client


def main() -> None:
    given = json.loads(sys.argv[1])
    engine = open_engine(given["app_database"])
    warehouse = connect(given["warehouse"], lock_timeout_seconds=60)
    tokens = StoredTokens(
        ConnectionStore(TenantId(given["tenant"]), lambda: writing(engine), Vault(given["key"])),
        client(given["base_url"]),
        partial(warehouse.named_lock, f"token:{given['tenant']}"),
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not Path(given["go"]).exists():
        time.sleep(0.005)
    rejected = SecretStr(given["rejected"]) if given["rejected"] else None
    sys.stdout.write(hashlib.sha256(tokens(rejected).get_secret_value().encode()).hexdigest())


if __name__ == "__main__":
    main()
