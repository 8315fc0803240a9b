"""TALKS TO SYSTEMS: the registers that events come from and the agencies that they go to."""
