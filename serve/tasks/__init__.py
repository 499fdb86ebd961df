"""How far things are that people asked to be done in the background."""
