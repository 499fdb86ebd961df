"""From nothing to cards: which steps there are, how far each is, and what is to be done."""
