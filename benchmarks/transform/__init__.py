"""What it takes to build the marts over much."""
