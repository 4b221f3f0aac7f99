"""Live platforms for tests: real queue server, real worker pools, real web servers."""
