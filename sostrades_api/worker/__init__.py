"""RQ entry points, the tuned worker, the sweeper."""
