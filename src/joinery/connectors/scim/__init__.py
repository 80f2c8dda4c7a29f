"""Any learning system that is provisioned by SCIM 2.0. Rule: nothing is deleted; who leaves becomes inactive."""

from joinery.connectors.scim.connector import CAPABILITIES, Pace, ScimTarget
from joinery.connectors.scim.wire import ATTRIBUTES, MEDIA_TYPE

__all__ = ["ATTRIBUTES", "CAPABILITIES", "MEDIA_TYPE", "Pace", "ScimTarget"]
