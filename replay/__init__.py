"""TRIES AGAIN: parked deliveries are marked as due; the delivery loop does the rest."""
