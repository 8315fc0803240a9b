"""Reads citizen chip cards at a counter: access, protected exchange, proofs and evidence. Never imports the hub."""
