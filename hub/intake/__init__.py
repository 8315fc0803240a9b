"""Intake: what a source sends is checked, encoded and appended to `received`; only then has the sender its answer."""
