"""The engine against loops by hand, OpenMDAO and GEMSEO: ``./dev bench engine``."""
