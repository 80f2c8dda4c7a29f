"""People and pages for looking at: a learner with everything, one with nothing, an admin, a leaver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.testclient import TestClient

from tests.classroom.house import House, send


@dataclass(frozen=True)
class Company:
    """Account ids by role, and a certificate."""

    learner: str
    newcomer: str
    admin: str
    leaver: str
    certificate: str
    revoked: str


def founded(house: House) -> Company:
    """Fills a house; its clock stands at 2 March 2026."""
    learner = house.hire(
        "Ana Sofía Łuczak-Müller", job_title="Driver", department="Logistics", time_zone="Europe/Berlin"
    )
    newcomer, admin = house.hire("Bo"), house.hire("Ida Berg", job_title="Learning lead")
    leaver = house.hire("Leo Gone", job_title="Picker", department="Warehouse")
    house.api.put(f"/api/v1/accounts/{admin}/roles", json={"roles": ["admin"]})
    house.assign(learner, "FORKLIFT", due_on="2026-02-20", reasons=["Forklift certificate lapsed on 19 February"])
    house.assign(learner, "Onboarding_Path", "path", due_on="2026-03-10", reasons=["Rule onboarding: new in Logistics"])
    house.assign(learner, "UK-COMPLIANCE", due_on="2026-06-30")
    house.assign(learner, "US-COMPLIANCE")
    house.assign(leaver, "security-basics")
    house.ask({"op": "add_to_group", "account_id": learner, "group": "Warehouse", "create": True})
    house.clock.turn(hours=1)
    certificate = completed(house, learner, "US-COMPLIANCE")
    completed(house, leaver, "security-basics")
    revoked = completed(house, leaver, "manager-essentials")
    rows = house.api.get("/api/v1/completions").json()["items"]
    house.api.post(f"/api/v1/completions/{rows[-1]['id']}/revoke", json={})
    house.ask({"op": "archive", "account_id": leaver})
    studied(house, house.signed_in(learner), "welcome")
    for number in range(60):
        house.hire(f"Person {number:02d}", department="Operations", job_title="Packer")
    return Company(learner, newcomer, admin, leaver, certificate, revoked)


def completed(house: House, account_id: str, course: str) -> str:
    """A trainer records a completion of this moment; its certificate's id."""
    body = {"account_id": account_id, "course": course, "completed_at": house.clock().isoformat(), "result": "passed"}
    answer = house.api.post("/api/v1/completions", json={**body, "score": 92.5})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["certificate_id"])


def studied(house: House, browser: TestClient, course: str) -> None:
    """Does all steps of a course and finishes it, as a person does."""
    (found,) = [one for one in house.api.get("/api/v1/courses").json()["items"] if one["id"] == course]
    for item in found["items"]:
        page = f"/courses/{course}/items/{item['id']}"
        assert send(browser, page, f"{page}/done").status_code == 303
    assert send(browser, f"/courses/{course}", f"/courses/{course}/finish").status_code == 303


def pages(house: House, company: Company) -> Mapping[str, tuple[str, str | None]]:
    """Every page in every state: name to (address, account that looks or None)."""
    learner, newcomer, admin = company.learner, company.newcomer, company.admin
    return {
        "sign-in": ("/sign-in", None),
        "sign-in-prefilled": ("/sign-in?worker_id=W-7", None),
        "link-open": (house.link(newcomer), None),
        "link-old": ("/in/long-gone", None),
        "learning": ("/learning", learner),
        "learning-empty": ("/learning", newcomer),
        "learning-leader": ("/learning", admin),
        "course-open": ("/courses/FORKLIFT", learner),
        "course-done": ("/courses/US-COMPLIANCE", learner),
        "course-begun": ("/courses/security-basics", learner),
        "item-page": ("/courses/FORKLIFT/items/loads", learner),
        "item-file": ("/courses/FORKLIFT/items/checklist", learner),
        "item-done": ("/courses/US-COMPLIANCE/items/hours", learner),
        "not-mine": ("/courses/manager-essentials", learner),
        "not-allowed": ("/admin", learner),
        "nowhere": ("/nowhere", learner),
        "transcript": ("/transcript", learner),
        "transcript-empty": ("/transcript", newcomer),
        "verify-form": ("/verify", None),
        "verify-valid": (f"/verify/{company.certificate}", None),
        "verify-revoked": (f"/verify/{company.revoked}", None),
        "verify-unknown": ("/verify/0000-0000-0000", None),
        "admin": ("/admin", admin),
        "admin-people": ("/admin/people", admin),
        "admin-people-next": ("/admin/people?after=50", admin),
        "admin-nobody": ("/admin/people?q=zzz", admin),
        "admin-person": (f"/admin/people/{learner}", admin),
        "admin-leaver": (f"/admin/people/{company.leaver}", admin),
        "admin-new": (f"/admin/people/{newcomer}", admin),
        "admin-groups": ("/admin/groups", admin),
        "admin-courses": ("/admin/courses", admin),
        "admin-seats": ("/admin/seats", admin),
    }
