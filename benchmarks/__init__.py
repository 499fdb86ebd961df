"""What performance is measured with; nothing here is a test, and no figure here fails a build."""
