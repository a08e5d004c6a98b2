"""The processes that do the slow work: jobs that take ids, what runs when, a worker that loads the model once."""
