"""Fault tests: real brokers, a real PostgreSQL and the hub's real processes, with everything killed at work."""
