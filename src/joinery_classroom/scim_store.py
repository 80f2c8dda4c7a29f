"""Accounts and groups as SCIM reads and writes them; one instance serves one request, in one transaction per operation.

Rule: nothing is deleted here either. A User that is deleted is archived, its history stays, and whoever is created
again under the same external ID or user name gets the same account back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from scim2_models import (
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_server.storage import ScimStorage, SearchPage
from sqlalchemy import Connection

from joinery_classroom.database import Store
from joinery_classroom.scim_groups import ScimGroups
from joinery_classroom.scim_users import ScimUsers


class ClassroomStorage(ScimStorage):
    """`writes`: this request may change something; it then holds the one writer's place while an operation lasts."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, writes: bool) -> None:
        self._store = store
        self._now = now
        self._writes = writes
        self._kinds: dict[str, ScimUsers | ScimGroups] = {}

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One transaction: all of the operation is durable at its end, or nothing of it."""
        with self._store.writing() if self._writes else self._store.reading() as connection:
            self._kinds = self._open(connection)
            try:
                yield
            finally:
                self._kinds = {}

    def _open(self, connection: Connection) -> dict[str, ScimUsers | ScimGroups]:
        return {"User": ScimUsers(connection, self._now), "Group": ScimGroups(connection, self._now)}

    def _of(self, resource_type: ResourceType) -> ScimUsers | ScimGroups:
        return self._kinds[str(resource_type.name)]

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Raises NotFoundException; also for accounts that are archived."""
        return _found(self._of(resource_type).get(resource_id), resource_type, resource_id)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page in the order in which things were made. Raises NotImplementedException for several types at once."""
        if len(resource_types) != 1:
            raise NotImplementedException(detail="Search /Users or /Groups, one of them at a time")
        return self._of(resource_types[0]).search(search_request)

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Raises UniquenessException when a user name, external ID or address is somebody else's."""
        return self._of(resource_type).create(resource)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Replaces the whole. Raises NotFoundException, PreconditionFailedException or UniquenessException."""
        self._still(resource_type, str(resource.id), expected_version)
        return self._of(resource_type).update(resource)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """A User is archived, a Group dissolved. Raises NotFoundException or PreconditionFailedException."""
        self._still(resource_type, resource_id, expected_version)
        self._of(resource_type).delete(resource_id)

    def _still(self, resource_type: ResourceType, resource_id: str, expected_version: str | None) -> None:
        there = self.get(resource_type, resource_id)
        if expected_version is not None and (there.meta is None or there.meta.version != expected_version):
            raise PreconditionFailedException(detail="It was changed meanwhile; read it again. Nothing was written.")


def _found(resource: Resource[Any] | None, resource_type: ResourceType, resource_id: str) -> Resource[Any]:
    if resource is None:
        raise NotFoundException(detail=f"There is no {resource_type.name} {resource_id}")
    return resource
