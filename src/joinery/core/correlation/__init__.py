"""Finding which account belongs to a worker."""
