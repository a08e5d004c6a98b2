"""The commands, a module for each group: what is typed in, said in words or JSON, and done by a service."""
