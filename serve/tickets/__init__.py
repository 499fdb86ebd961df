"""The tickets behind the figures, one by one."""
