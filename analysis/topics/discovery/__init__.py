"""Finds topics in tickets: by grouping them on this machine, or by asking a model in two steps. What is found is only proposed."""
