"""What was written on the tickets behind a card."""
