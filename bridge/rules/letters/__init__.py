"""Mails as texts: what each kind says, in which language, and how an owner's own words are read and filled."""
