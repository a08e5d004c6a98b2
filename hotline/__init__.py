"""The service: what the data is, what may happen to it, and how people reach it."""
