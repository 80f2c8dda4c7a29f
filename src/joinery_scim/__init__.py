"""SCIM 2.0 (RFC 7643, RFC 7644) as both our faces speak it: Classroom's, and the one HR systems push to.

The protocol itself (filters, PATCH, paging, ETag, discovery) is scim2-models and scim2-server; here stand the schema
we serve, and the door that lets a web framework in. Imports nothing of Joinery or Classroom.
"""

from joinery_scim.face import Face
from joinery_scim.filters import Equality, equality_of
from joinery_scim.schema import EnterpriseUser, Group, Person, User, provider

__all__ = ["EnterpriseUser", "Equality", "Face", "Group", "Person", "User", "equality_of", "provider"]
