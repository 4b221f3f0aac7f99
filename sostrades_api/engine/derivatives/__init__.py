"""Derivatives: of one discipline (declared, by complex step, by finite differences) and of a whole plan."""
