"""The engine against a hand-written loop, a framework-free floor, OpenMDAO and GEMSEO: ``./dev bench engine``."""
