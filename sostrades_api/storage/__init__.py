"""The content-addressed value store."""
