"""Events of executions to clients that stay: one hub a web process, no thread a listener."""
