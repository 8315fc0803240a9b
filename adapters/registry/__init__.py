"""The schema registry: serves our recorded schemas to Kafka clients, and keeps somebody else's registry like ours."""
