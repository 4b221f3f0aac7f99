"""The engine: variables, disciplines, coupling graph, plan, solvers."""
