"""One person, for those who must know: events in order, current facts, consents, and who received what."""
