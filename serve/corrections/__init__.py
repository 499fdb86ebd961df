"""One ticket as it was read, and what people say it should have been read as."""
