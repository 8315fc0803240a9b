"""The hub's topics on Apache Kafka and who may use them: what the file wants, what the cluster has, what differs."""
