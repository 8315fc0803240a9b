"""Makes of a card that was read at a counter an event that reaches the hub: sealed, signed, kept, sent, answered."""
