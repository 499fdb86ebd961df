"""What a model was asked: the words behind a prompt version's name."""
