"""What goes wrong when the service is run on one machine, each with a sentence for whoever started it."""


class StackError(Exception):
    """Something could not be started, or not be kept running; the text says what and where to look."""
