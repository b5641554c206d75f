"""Values in, bytes out: the update feeds of Joomla and Dolibarr, and what a ZIP says of itself."""
