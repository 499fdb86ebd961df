"""The application database: what people did and decided, and the published builds readers are served from.

SQLite in WAL mode by default, Postgres by `APP_DATABASE_URL`; one code path through SQLAlchemy. Everything here survives a
rebuild of the warehouse, except the `published_*` tables, which are copies of it.
"""

from core.appdb.engine import open_app_database
from core.appdb.tables import metadata

__all__ = ["metadata", "open_app_database"]
