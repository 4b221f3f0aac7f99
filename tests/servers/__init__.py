"""Real servers for tests: one PostgreSQL and one Valkey a test process, gone with it."""
