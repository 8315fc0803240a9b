"""The event log on Apache Kafka: for any number of processes on any number of machines."""

from hub.eventlog.kafka.log import KafkaLog

__all__ = ["KafkaLog"]
