"""What pages show: queries that read, each answering for what one person may see."""
