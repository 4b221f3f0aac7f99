"""Benchmarks: ``./dev bench``."""
