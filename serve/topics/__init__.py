"""What tickets are sorted by: the version in force, the draft people work on, and what is proposed for it."""
