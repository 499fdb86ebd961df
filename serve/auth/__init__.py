"""Who is asking: tokens, users, roles, and the built-in issuer of a local installation."""
