"""SCIM 2.0 as a library: schemas, filters, PATCH. Arrives with the real-time work; nothing here yet."""
