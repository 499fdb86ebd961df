"""Rules of the tenant's own: tried out, saved, switched."""
