"""Roles, permissions and pure predicates over them."""
