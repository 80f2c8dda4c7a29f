"""More attributes, as django-scim2's manual has it: its adapter extended."""

from django_scim.adapters import SCIMUser

from tests.support.django_lms.filters import WORK


class LearnerAdapter(SCIMUser):
    """A User with a title and an employee number."""

    def to_dict(self):
        shown = super().to_dict()
        shown |= {"title": self.obj.title, WORK: {"employeeNumber": self.obj.number}}
        shown["schemas"] = [*shown["schemas"], WORK]
        return shown

    def from_dict(self, d):
        super().from_dict(d)
        self.obj.title = d.get("title") or ""
        self.obj.number = d.get(WORK, {}).get("employeeNumber") or ""
