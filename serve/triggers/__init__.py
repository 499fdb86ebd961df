"""What the triggers are set to, changed in versions."""
