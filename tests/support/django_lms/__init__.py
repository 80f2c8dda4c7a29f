"""A small Django site that speaks SCIM by django-scim2: another maintainer's code, in a process of its own.

Of ours are only the parts that django-scim2 leaves to whoever installs it: the tables, the two adapters that name
more attributes, the maps of what can be filtered, and the token. PATCH, filters, paging, errors are django-scim2's.
"""
