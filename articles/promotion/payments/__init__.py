"""Payment providers. Settings name the one that is loaded; what it reports goes to `billing`, which compares."""
