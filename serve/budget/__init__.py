"""What reading may cost a month, and how the month stands."""
