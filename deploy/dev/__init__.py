"""A real Apache Kafka and a real PostgreSQL without containers, for developers and for the tests."""
