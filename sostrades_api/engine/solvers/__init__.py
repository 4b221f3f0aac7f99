"""Fixed-point solvers of coupled disciplines, one a file."""
