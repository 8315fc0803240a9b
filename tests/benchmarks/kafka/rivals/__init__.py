"""The same job in Faust and in Quix Streams. Runs in an environment of its own: imports nothing of the hub."""
