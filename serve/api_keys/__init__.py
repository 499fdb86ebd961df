"""Keys for BI and scripts."""
