"""Xoài on one machine: embedded (three processes, topics in PostgreSQL) or full (a process a service, Kafka)."""
