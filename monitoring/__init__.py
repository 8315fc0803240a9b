"""SHOWS: the state of the hub and the story of one event."""
