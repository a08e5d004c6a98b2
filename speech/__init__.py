"""Sound into transcripts, and transcripts into facts; knows nothing of calls, web or database."""
