"""How well a portal's request budget is used, and what keeping it costs."""
