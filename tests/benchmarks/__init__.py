"""What the hub can carry on this machine: `make bench`. Each figure beside the limit it is held to."""
