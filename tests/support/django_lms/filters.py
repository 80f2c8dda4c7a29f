"""Which columns can be filtered and set, as django-scim2's manual has it; its adapters must not be imported here."""

from django_scim.constants import SchemaURI
from django_scim.filters import GroupFilterQuery, UserFilterQuery

WORK = SchemaURI.ENTERPRISE_USER


class LearnerFilter(UserFilterQuery):
    """Which column an attribute is in."""

    attr_map = {
        **UserFilterQuery.attr_map,
        ("externalId", None, None): "scim_external_id",
        ("title", None, None): "title",
        ("employeeNumber", None, WORK): "number",
    }


class TeamFilter(GroupFilterQuery):
    """Groups can be found by their name."""

    attr_map = {("displayName", None, None): "name"}
