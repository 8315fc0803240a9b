"""A counter that reads cards: its settings, its doctor, its service. See `dancu edge`."""
