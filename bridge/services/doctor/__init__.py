"""``bridge doctor``: every check a small function in a table, every finding a sentence with what to do about it."""
