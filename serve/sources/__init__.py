"""How well the sources behind the published build are read."""
