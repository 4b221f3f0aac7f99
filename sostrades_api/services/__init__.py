"""Use cases, one file a verb; they own the unit of work and know no HTTP."""
