"""Companies as the newest build sees them."""
