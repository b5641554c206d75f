"""Lists of keys as other programs write them, and ours: which columns they have, and what a row says."""
