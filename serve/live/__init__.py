"""What happens, told to every open browser as it happens."""
