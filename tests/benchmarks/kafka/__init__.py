"""The Kafka part of `make bench`: the hub, two other ways to write it, and the bare client, on one broker."""
