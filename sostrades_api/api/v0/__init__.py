"""API v0, one blueprint a noun: parse, call a service, present."""
