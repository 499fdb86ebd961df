"""What it takes to replay a year under other trigger settings."""
