"""Names of queues, enqueueing, live progress: the only place that talks to Redis."""
