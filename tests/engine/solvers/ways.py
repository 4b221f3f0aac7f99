"""Every way of solving a loop, for tests that hold for all of them."""

WAYS = {
    "seidel": {"sub_mda_class": "MDAGaussSeidel"},
    "seidel aitken": {"sub_mda_class": "MDAGaussSeidel", "acceleration": "Aitken"},
    "seidel anderson": {"sub_mda_class": "MDAGaussSeidel", "acceleration": "Anderson"},
    "jacobi": {"sub_mda_class": "MDAJacobi"},
    "jacobi aitken": {"sub_mda_class": "MDAJacobi", "acceleration": "Aitken"},
    "jacobi anderson": {"sub_mda_class": "MDAJacobi", "acceleration": "Anderson"},
    "newton": {"sub_mda_class": "MDANewtonRaphson"},
    "newton dense": {"sub_mda_class": "MDANewtonRaphson", "linear_solver": "dense"},
    "newton sparse": {"sub_mda_class": "MDANewtonRaphson", "linear_solver": "sparse"},
    "newton krylov": {"sub_mda_class": "MDANewtonRaphson", "linear_solver": "GMRES"},
    "broyden": {"sub_mda_class": "MDAQuasiNewton"},
    "seidel newton": {"sub_mda_class": "MDAGSNewton", "max_mda_iter_gs": 2},
}
