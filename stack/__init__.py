"""Runs the whole service on one machine: embedded PostgreSQL and Redis, all processes, and the demo."""
