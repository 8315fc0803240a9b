"""Counters that read cards, seen from the hub: who they are, what they report, what they are answered, what is odd."""
