"""Data and pure functions: what may follow what, how long it may take, and what is said."""
