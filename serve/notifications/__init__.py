"""What people are told, and how they want to be told it."""
