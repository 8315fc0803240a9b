"""Takes in what devices at counters send: sealed to the hub, signed by the device. Needs the extra `web`."""
