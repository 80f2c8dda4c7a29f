"""What each check means to the person who must act: a title, why it matters, and where it is put right.

Rule 1: plain words for HR; a check without an entry is shown under its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PERSON: Final = "On the person's record in the HR system."
_EXPORT: Final = "In the export of the HR system: its columns, its format, or who may see them."
_LEARNING: Final = "In the learning system, by its administrator."
_MANAGER: Final = "On the record of the people named, in the HR system's field for the manager."
_SETTINGS: Final = "In Joinery's settings."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """`why`: what happens if nobody does anything. `where`: the place to put it right."""

    title: str
    why: str = ""
    where: str = _EXPORT


#: about access that is open and should not be: no settings make these matter less
ALWAYS: Final = frozenset({"access_still_open", "administrator_left", "ends_held", "pushed_ends_wait"})


def explained(check: str) -> Explained:
    """The entry of this check; its name in words when it has none."""
    return CATALOGUE.get(check) or Explained(title=check.replace("_", " ").capitalize())


def _entries(where: str, entries: Mapping[str, tuple[str, str]]) -> dict[str, Explained]:
    return {name: Explained(title=title, why=why, where=where) for name, (title, why) in entries.items()}


CATALOGUE: Final[Mapping[str, Explained]] = {
    **_entries(
        _PERSON,
        {
            "same_person": (
                "Probably one person under two numbers",
                "One person with two accounts has half a training record in each, and one of them stays open when the "
                "person leaves.",
            ),
            "same_name": (
                "People who share their full name",
                "Names never match anybody, so nothing goes wrong by itself; people take them for each other.",
            ),
            "renumbered": (
                "Somebody new who looks like somebody gone",
                "Without the old number the account stays behind: the person starts from nothing, and the old account "
                "looks like a leaver's.",
            ),
            "duplicate_worker_id": (
                "One employee number on several rows",
                "Nobody can say which row is right, so the person keeps yesterday's data until one row is left.",
            ),
            "changes_without_order": (
                "Several changes of one person, and nobody knows which came last",
                "An end of access could be lost, or access end by mistake. The person keeps yesterday's data until one "
                "clear row comes.",
            ),
            "job_unclear": (
                "A change of a job, and nobody knows which one",
                "Somebody has several jobs, and the row does not say which of them changed or ended. The person keeps "
                "yesterday's data until a row with the ID of the job, or a full file, comes.",
            ),
            "duplicate_email": (
                "Two people with one work e-mail",
                "Both would sign in to one account. Both are kept back until each has an address of their own.",
            ),
            "recycled_email": (
                "An address that belonged to somebody else",
                "The old account with its records must not become the newcomer's. It is never given to somebody else.",
            ),
            "no_worker_id": ("A row without employee number", "It is about nobody, so nothing is done with it."),
            "no_name": ("No name", "Certificates and mails would have no name on them."),
            "no_email": ("No work e-mail", "Mail cannot reach the person; they sign in with the number and a slip."),
            "prehire_without_email": (
                "Starts soon and cannot be reached",
                "No sign-in mail can be sent, so the first day begins without an account that works.",
            ),
            "free_mail": (
                "A private address as work e-mail",
                "Mail of the company goes to a private mailbox that outlives the employment.",
            ),
            "shared_mailbox": (
                "A mailbox that several people read",
                "Whoever reads it could sign in. Such an address is never used to recognise somebody.",
            ),
            "impossible_address": ("Not an e-mail address", "It was left out; no mail can reach the person."),
            "misspelled_domain": (
                "Probably a misspelled address",
                "Mail goes to nobody or to a stranger, and the account is not found by its address.",
            ),
            "lookalike_domain": (
                "An address made to look like another one",
                "Such domains are mostly registered to deceive: sign-in links would go to whoever owns it.",
            ),
            "no_status": ("No status", "Without a status only the dates say whether somebody is employed."),
            "unknown_status": (
                "A status nobody has explained",
                "It ends nobody's access by itself; the person is kept as they were until somebody says what it means.",
            ),
            "no_hire_date": ("No hire date", "Deadlines that count from the first day have nothing to count from."),
            "prehire_without_date": ("Is to start and nobody knows when", "Nothing can begin without the day."),
            "prehire_started": (
                "Should have started a while ago",
                "Either the status was forgotten, and somebody works without access, or the person never came.",
            ),
            "hire_date_ancient": (
                "A hire date before 1940",
                "Mostly a year of two digits or a stand-in; length of service and deadlines would be wrong.",
            ),
            "date_far_ahead": ("A date years ahead", "If the year is wrong, what depends on it happens far too late."),
            "date_means_none": ("A date that stands for none", "It was read as no date."),
            "leave_over": (
                "A leave that should be over",
                "What is owed stays paused, and reminders stay off, for somebody who is perhaps back at work.",
            ),
            "end_before_start": (
                "Left before they started",
                "Mostly the end date of an earlier employment. Believed, it would lock out somebody who came back.",
            ),
            "stale_end_date": (
                "Employed, and left already",
                "HR says both. Access stays until HR decides, which is too long if the person has really left.",
            ),
            "stale_job_end": (
                "Employed, and the only job is over",
                "HR says both. Access stays until HR decides: no other job goes on beside it.",
            ),
            "ended_without_date": (
                "Left, and nobody knows when",
                "Access ends at once. Evidence for auditors needs the day.",
            ),
            "bad_date": ("A date that does not exist", "The person keeps yesterday's data until the date is right."),
            "ambiguous_date": (
                "A date that can be read as two days",
                "Nobody is hired or dismissed by a guess; the person keeps yesterday's data.",
            ),
            "empty_cell": (
                "Empty where it may not be",
                "The settings call it an error; the person keeps yesterday's data.",
            ),
            "unknown_time_zone": ("A time zone nobody knows", "Days begin and end by the company's zone instead."),
            "location_without_zone": (
                "A place without time zone",
                "A last day there ends by the company's clock: hours too early or too late.",
            ),
        },
    ),
    **_entries(
        _MANAGER,
        {
            "manager_missing": (
                "A manager who is not in the file",
                "Their people report to nobody: reminders and approvals go nowhere.",
            ),
            "manager_left": (
                "A manager who has left",
                "Reminders go to the next active manager up, who may not know these people.",
            ),
            "manager_renumbered": (
                "A manager under a former number",
                "Nothing is lost: the former number is read as the present one. HR's data is out of date.",
            ),
            "manager_loop": ("Managers in a circle", "Nobody is above them, so nothing can be passed up."),
            "own_manager": ("Somebody's own manager", "Taken as having no manager; nobody sees what this person owes."),
        },
    ),
    **_entries(
        _EXPORT,
        {
            "doubles_everywhere": (
                "An export that repeats people",
                "No plan made of it is worth anything: `automatic` stays locked until it is right, or until somebody "
                "answers for it by name (`joinery issue waive`).",
            ),
            "last_row_may_be_cut": (
                "A last row that may have been cut",
                "The person keeps the last good data: on the word of half a row nobody loses access.",
            ),
            "id_mangled": (
                "A number spoilt by a spreadsheet",
                "1.2E+05 is nobody's number. Another number is another person, with a new account.",
            ),
            "lost_leading_zeros": (
                "Numbers that lost their zeros",
                "To Joinery 123 and 000123 are two people: one leaver and one newcomer too many.",
            ),
            "id_width_changed": (
                "Employee numbers of another length",
                "Zeros were lost or added: everybody would be a leaver and a newcomer at once.",
            ),
            "cell_error": (
                "A formula that went wrong",
                "The cell shows #N/A or #REF! and has no value; the person keeps yesterday's data.",
            ),
            "heading_in_doubt": (
                "Headings that could mean the same",
                "None of these columns was read, so nothing about them was checked.",
            ),
            "title_of_address": (
                "A title that is no job",
                "Mr, Ms and Dr stand before a name. The column was not read.",
            ),
            "hidden_rows": (
                "Hidden rows in the workbook",
                "They were read like all others. Whoever hid them may have thought that they would not be.",
            ),
            "merged_cells": (
                "Merged cells in the workbook",
                "Only the first of them has a value, and nobody can say whose it is when it goes over several columns.",
            ),
            "mixed_dates": (
                "Dates written in two ways",
                "Those that can be read in two ways are read in none, and their people are kept back.",
            ),
            "mass_change": (
                "One change for very many people",
                "A reorganisation, or a column that slipped. Guards hold the writes; somebody should know which it is.",
            ),
        },
    ),
    **_entries(
        _SETTINGS,
        {
            "ambiguous_dates": (
                "Dates that can be read in two ways",
                "03/04 is a day in April or in March. A guess would hire and dismiss people on wrong days.",
            ),
            "unmapped_code": (
                "A code without a word",
                "The learning system gets no value for it, so groups and rules miss these people.",
            ),
        },
    ),
    **_entries(
        _LEARNING,
        {
            "lms_only_account": (
                "An account that belongs to nobody",
                "Joinery never touches it, so it stays open however long its owner has been gone.",
            ),
            "account_disagrees": (
                "Number and e-mail name two people",
                "Joinery links it to neither until a person says whose it is.",
            ),
            "second_account": (
                "Two open accounts of one person",
                "Training is done in one and owed in the other, and a leaver keeps the one nobody thought of.",
            ),
            "access_still_open": (
                "Access that was to end and is not seen to be closed",
                "Somebody who left may still be able to sign in; auditors count it as a breach.",
            ),
            "administrator_left": (
                "An administrator of the learning system has left",
                "They could do more than others, and may know keys and passwords that outlive their account.",
            ),
            "export_unread": (
                "The export of the learning system's users cannot be read",
                "Nothing shows what the system made of the import files; what was sent stays unconfirmed.",
            ),
            "needs_you": (
                "It could not be done in the learning system",
                "Every run tries it again, and until it works these people are not as HR says.",
            ),
            "ends_held": (
                "Ends of access that wait",
                "More people would lose access than a guard or the kill-switch lane lets go at once. They may sign in.",
            ),
            "pushed_ends_wait": (
                "Too many ends of access were pushed",
                "The lane's limit for pushes is used up. The others wait, in case the sender is not sound.",
            ),
            "leaver_account_open": (
                "Left, and the account is still open",
                "Somebody who no longer works here can still sign in.",
            ),
            "privileged_account_ending": (
                "An administrator who leaves",
                "When the account is suspended, what only it could do stops; until then it can do too much.",
            ),
            "completion_unknown_person": (
                "Training of somebody HR does not know",
                "It waits and reaches no record in HR.",
            ),
            "completion_before_hire": (
                "Training from before the first day",
                "It may belong to an earlier employment, or to somebody else.",
            ),
            "completion_refused": (
                "Training that HR's table cannot hold",
                "HR does not have the record, so it may ask for the training again.",
            ),
            "completion_in_future": ("Training from the future", "A clock or a date is wrong; HR would refuse it."),
        },
    ),
}
