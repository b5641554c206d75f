"""What the bridge remembers. The only importer of ``Session`` and ``select``; callers hand in the session."""
