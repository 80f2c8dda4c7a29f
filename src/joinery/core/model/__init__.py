"""The nouns. Frozen values only; nothing here decides."""
