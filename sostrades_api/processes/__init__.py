"""Shipped processes and the catalogue of installed ones."""
