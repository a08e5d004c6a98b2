"""What can happen: each function is given the session and the time, and neither makes, commits nor rolls back one."""
