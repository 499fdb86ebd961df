"""Ways of looking at the board that people keep."""
