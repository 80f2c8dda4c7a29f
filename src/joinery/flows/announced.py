"""An end of employment that HR has announced is confidential: looks ahead are made as if there were none.

Rule: for everybody alike, so that neither an answer nor its absence, nor a number, tells of one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.core.model.worker import Status
from joinery.flows.in_time import without_ends
from joinery.flows.policy import Policy
from joinery.store.people import People, Person, in_chunks


def forget_announced_ends(connection: Connection, policy: Policy, keys: Collection[PersonKey]) -> None:
    """For a look ahead of which nothing is kept: these people as if HR had announced no end."""
    people = People(connection, policy.name)
    for chunk in in_chunks(keys, 5000):
        people.replace([_without_end(person) for person in people.by_key(chunk).values()])


def _without_end(person: Person) -> Person:
    """The same person as if HR had announced no end; whoever has left stays as they are."""
    person = replace(person, memory=without_ends(person.memory))
    standing, worker = person.standing, person.worker
    if standing.stage in {Stage.LEFT, Stage.NO_SHOW} or worker.termination_date is None:
        return person
    # on notice is at work, and garden leave is as it is: only a word that ends the employment on that day is put aside
    at_work = Status.PREHIRE if standing.stage is Stage.PREHIRE else Status.ACTIVE
    status = at_work if worker.status in {Status.TERMINATED, Status.DECEASED} else worker.status
    return replace(
        person,
        worker=replace(worker, termination_date=None, status=status),
        standing=replace(standing, armed_end=None),
    )
