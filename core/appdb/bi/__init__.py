"""What BI programs may see on Postgres: the published builds as views, and roles that may read these and nothing else."""

from core.appdb.bi.roles import BiReader, NoBiRoles, UnfitRole, grant, readers, revoke

__all__ = ["BiReader", "NoBiRoles", "UnfitRole", "grant", "readers", "revoke"]
