"""What every forked refresh would otherwise import again: eight seconds of Dagster, dlt and dbt."""

import dbt.cli.main
import dlt

import orchestration.build
import tests.support.scene

__all__ = ["dbt", "dlt", "orchestration", "tests"]
