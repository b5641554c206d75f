"""Load, ask a rule, save, say what happened. Services never commit and know nothing of HTTP."""
