"""How many planted customers get their card, and how many cards are owed to nobody."""
