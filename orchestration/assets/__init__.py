"""The assets, one module per step of the data's way."""
