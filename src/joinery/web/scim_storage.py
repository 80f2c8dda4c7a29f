"""Users as an identity provider or HR system writes them: kept for it to read, and told as news of a source.

Rule: nothing is deleted. A User that is deleted has left; whoever is created again is the same one as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

from scim2_models import (
    Context,
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from joinery.core.model.codec import canonical
from joinery.flows.policy import Ports
from joinery.flows.receiving import body_of, this_process
from joinery.store.arrivals import ARRIVED, Arrival, keep
from joinery.store.connections import next_number
from joinery.store.scim_people import ScimPeople, ScimPerson
from joinery.web.scim_records import record_of, user_of, version_of
from joinery_scim import Person, User, equality_of
from joinery_scim.schema import MOST_RESULTS

#: only the server says these
_OURS = frozenset({"id", "meta", "groups"})


class PeopleStorage(ScimStorage):
    """One request. `source()` is known once the caller was let in; `told` gets what was kept, after it is durable."""

    def __init__(
        self, ports: Ports, source: Callable[[], str], told: Callable[[Arrival], object], *, writes: bool
    ) -> None:
        self._ports = ports
        self._source = source
        self._told = told
        self._writes = writes
        self._holder = this_process(ports) if writes else ""
        self._people: ScimPeople | None = None
        self._kept: list[Arrival] = []

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One transaction: the User and the news of it are durable together, or neither is."""
        database = self._ports.database
        with database.write() if self._writes else database.read() as connection:
            self._people = ScimPeople(connection, self._ports.policy.name, self._source())
            try:
                yield
            finally:
                self._people = None
        kept, self._kept = self._kept, []
        for arrival in kept:
            self._told(arrival)

    @property
    def _here(self) -> ScimPeople:
        assert self._people is not None  # noqa: S101 - only within an operation
        return self._people

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Raises NotFoundException, also for a User that was deleted."""
        return user_of(self._found(resource_id))

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page in the order in which Users were made; an equality of a unique attribute costs one look-up."""
        if len(resource_types) != 1:
            raise NotImplementedException(detail="Search /Users")
        first = search_request.start_index_0 or 0
        count = MOST_RESULTS if search_request.count is None else search_request.count
        if search_request.filter is None:
            page = self._here.page(count, first) if count else []
            return SearchPage(self._here.count(), [user_of(each) for each in page])
        candidates = (user_of(each) for each in self._candidates(search_request))
        found = [person for person in candidates if search_request.filter.match(person)]
        return SearchPage(len(found), list(found[first : first + count]))

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new User, or the deleted one of the same external ID or user name. Raises UniquenessException."""
        person, now = _person(resource), self._ports.now()
        before = self._here.known_as(person.external_id or "") or self._here.named(str(person.user_name))
        if before is None or not before.gone:
            fresh = str(uuid4())
            before = ScimPerson(
                id=fresh, user_name="", external_id="", body={}, version=0, gone=False, made_at=now, changed_at=now
            )
        return self._store(person, before)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Replaces the whole. Raises NotFoundException, PreconditionFailedException or UniquenessException."""
        person = _person(resource)
        return self._store(person, self._still(str(person.id), expected_version))

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """They have left. Raises NotFoundException or PreconditionFailedException."""
        before = self._still(resource_id, expected_version)
        self._keep(replace(before, gone=True, version=before.version + 1, changed_at=self._ports.now()))

    def _store(self, person: Person, before: ScimPerson) -> Person:
        user_name, external_id = str(person.user_name).strip(), person.external_id or ""
        for attribute, holder in (
            ("userName", self._here.named(user_name)),
            ("externalId", self._here.known_as(external_id)),
        ):
            if holder is not None and holder.id != before.id and not (holder.gone and attribute == "externalId"):
                raise UniquenessException(detail=f"{attribute} belongs to another User; nothing was written")
        body = person.model_dump(scim_ctx=Context.DEFAULT)
        after = replace(
            before,
            user_name=user_name,
            external_id=external_id,
            body={name: value for name, value in body.items() if name not in _OURS},
            version=before.version + 1,
            gone=False,
            changed_at=self._ports.now(),
        )
        self._keep(after)
        return user_of(after)

    def _keep(self, person: ScimPerson) -> None:
        """The User as it is now, and the news of it for the source."""
        self._here.put(person)
        record = record_of(user_of(person), self._here, gone=person.gone)
        body = body_of([record], person.changed_at, f"User {person.id}")
        arrival = Arrival(
            id=next_number(self._here.db, ARRIVED),
            source=self._source(),
            door="scim",
            sha256=sha256(canonical(dict(record)).encode()).hexdigest(),
            received_at=person.changed_at,
            body=body,
            holder=self._holder,
        )
        self._kept.append(keep(self._here.db, self._ports.policy.name, arrival))

    def _found(self, key: str) -> ScimPerson:
        person = self._here.get(key)
        if person is None or person.gone:
            raise NotFoundException(detail=f"There is no User {key}")
        return person

    def _still(self, key: str, expected_version: str | None) -> ScimPerson:
        person = self._found(key)
        if expected_version is not None and version_of(person) != expected_version:
            raise PreconditionFailedException(detail="It was changed meanwhile; read it again. Nothing was written.")
        return person

    def _candidates(self, asked: SearchRequest[Any]) -> Iterator[ScimPerson]:
        equal = equality_of(asked.filter)
        match equal.attribute if equal is not None else "":
            case "username":
                found = self._here.named(equal.value) if equal else None
            case "externalid":
                found = self._here.known_as(equal.value) if equal else None
            case "id":
                found = self._here.get(equal.value) if equal else None
            case _:
                yield from self._here.page(None)
                return
        if found is not None and not found.gone:
            yield found


def _person(resource: Resource[Any]) -> Person:
    assert isinstance(resource, User)  # noqa: S101 - the only model bound to /Users
    return resource
