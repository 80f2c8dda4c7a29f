"""Raw records become workers. Rule 1: an attribute nobody mapped is never read."""
