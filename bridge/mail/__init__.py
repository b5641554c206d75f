"""The way to the mail server: a letter becomes a message, a message goes out by SMTP. Knows no database."""
