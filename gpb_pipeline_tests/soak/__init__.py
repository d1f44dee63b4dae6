"""Hosts, maintenance and pages on one warehouse, while a host is killed and PostgreSQL restarted."""
