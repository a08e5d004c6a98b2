"""The telephone's edge: webhooks in, spoken documents out, and the carrier as an interface."""
