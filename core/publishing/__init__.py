"""Write, audit, publish: how marts that dbt built become a build that readers get.

Nobody is served from a relation dbt builds: its renames tear reads and drop row-level security. What passes the audits is copied
into the serving tables of the application database; a tenant that fails one stays on its old build.
"""

from core.publishing.publish import PublishReport, TenantOutcome, publish
from core.publishing.state import MartsNotReady, mark_building, mark_passed, passed_state

__all__ = [
    "MartsNotReady",
    "PublishReport",
    "TenantOutcome",
    "mark_building",
    "mark_passed",
    "passed_state",
    "publish",
]
