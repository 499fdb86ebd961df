"""How the board feels in a real browser."""
