"""Who learns here, and in which team: Django's own user with the columns that django-scim2 asks for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Learner(AbstractSCIMUserMixin, AbstractUser):
    """Django's user; names may be as long as people's are, and a user name is one in either case (RFC 7643 §4.1.1)."""

    username = models.CharField(max_length=254, unique=True, db_collation="nocase")
    first_name = models.CharField(max_length=400, blank=True)
    last_name = models.CharField(max_length=400, blank=True)
    title = models.CharField(max_length=400, blank=True)
    number = models.CharField(max_length=100, blank=True)

    @property
    def scim_groups(self):
        """What django-scim2 shows as `groups`."""
        return self.teams


class Team(AbstractSCIMGroupMixin):
    """A group; `user_set` is the name by which django-scim2 asks for its members."""

    name = models.CharField(max_length=254, unique=True)
    user_set = models.ManyToManyField(Learner, related_name="teams")
