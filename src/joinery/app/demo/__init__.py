"""The demonstration: an invented company, five simulated days, the very same runs as in real life."""
