"""How fast tickets get into the warehouse."""
