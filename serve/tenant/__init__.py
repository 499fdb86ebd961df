"""The tenant's own settings, what its people wrote, and its end."""
