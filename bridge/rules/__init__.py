"""Pure rules: values in, decisions out. No database, no clock, no network."""
