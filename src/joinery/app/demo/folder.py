"""The demonstration's folder: settings as a person would write them, an inbox, and room for what comes out.

Rule: nothing here points anywhere but to this machine and this folder.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from joinery.app.demo.company import NAME, ZONE
from joinery.errors import ConfigError

SETTINGS = """\
# {name}: the sample company of `joinery demo`. Everything in it is invented; nothing leaves this machine.
# Change it as you like and run `joinery sync`. Every option is explained in docs/reference/settings.md.
version: 1
name: demo
company: {{ name: {name}, time_zone: {zone}, country: GB }}

people:
  from: file
  path: ./inbox/employees_*.csv
  content: full # everybody is in every file
  leavers_are: status # somebody who is only missing from a file has not left
  end_date_means: last_day_employed # access ends when that day ends, where the person is
  ready_when: present # the demo puts whole files there; in real use leave this out
  fields: # only columns that are named here are ever read
    worker_id: Employee number
    previous_id: Previous number # a new number for the same person keeps the account
    given_name: First name
    family_name: Last name
    work_email: Work e-mail
    status: Status
    hire_date: Hire date
    termination_date: Last day
    job_title: Job title
    job_level: Level
    department: Department
    location: Site
    country: Country
    time_zone: Time zone
    manager_id: Manager number
    employment_type: Contract

learning:
  into: classroom # the learning system that comes with Joinery
  base_url: {base_url}
  simulation: true # these five days are made up; without this, only the present can be written to
  groups_from: [department]

# Safe changes are applied by themselves; what a guard objects to waits for a person. All guards have their defaults.
mode: automatic

# First weeks for new people, Leadership_101 for new leaders, US- and UK-COMPLIANCE where people come to work there.
starters: [Onboarding_Path, Leadership_101, location_compliance]

mail: # kept as files in ./mail by a mail server inside the demo; it runs as long as `joinery demo` does
  enabled: true
  from: {name} Learning <learning@wrenharbour.example>
  host: 127.0.0.1
  port: {mail_port}
  security: none # never leaves this machine
  help_contact: people@wrenharbour.example

completions:
  send_to: {{ file: ./outbox }} # finished courses, for HR to read in
"""


def new_folder(wanted: Path | None, now: datetime) -> Path:
    """An empty folder, made now; without a wish a new one in the present folder. Raises ConfigError when it is used."""
    if wanted is None:
        return _made(Path.cwd() / f"joinery-demo-{now.astimezone(ZoneInfo(ZONE)):%Y%m%d-%H%M%S}")
    if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
        is_demo = (wanted / "joinery.yaml").is_file()
        raise ConfigError(
            f"{wanted} is there already{' and holds a joinery.yaml' if is_demo else ''}; nothing was changed.",
            fix="Leave --dir out for a new folder, or name one that does not exist. "
            f"To look at what is there: joinery serve --config {wanted / 'joinery.yaml'}",
        )
    return _made(wanted.absolute())


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "inbox").mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} cannot be made ({error.strerror}).", fix="Name another one with --dir."
        ) from error
    return folder


def write_settings(folder: Path, base_url: str, mail_port: int) -> Path:
    """joinery.yaml; its path."""
    config = folder / "joinery.yaml"
    text = SETTINGS.format(name=NAME, zone=ZONE, base_url=base_url, mail_port=mail_port)
    config.write_text(text, encoding="utf-8")
    return config
