"""What a source's files look like, as far as earlier ones showed it: forgotten on purpose."""

from __future__ import annotations

from dataclasses import replace

from joinery.errors import NotThere
from joinery.flows.policy import Ports
from joinery.store.connections import load_state, only_run, save_state


def forget_layout(ports: Ports, source: str) -> bool:
    """The next file of this source may look otherwise: encoding, separator, last line, dates. Whether anything was
    known. Raises NotThere when there is no such source, RunLocked when a run is at work."""
    if source not in ports.sources:
        raise NotThere(f"There is no source {source!r} in the settings.", fix=f"There is: {', '.join(ports.sources)}.")
    name = ports.policy.name
    with only_run(ports.database, name, ports.now), ports.database.write() as connection:
        state = load_state(connection, name)
        layouts = dict(state.extra.get("layouts", {}))
        known = layouts.pop(source, None) is not None
        save_state(connection, name, replace(state, extra={**state.extra, "layouts": layouts}))
    return known
