"""Settings: one YAML file and the environment to one frozen value. Quick to import: pydantic and ruamel.yaml only.

Rule: this package is the only reader of YAML, and no secret leaves it except through `Secret.reveal()`.
"""

from joinery.settings.conditions import CheckCondition, custom_kinds
from joinery.settings.dump import dump_resolved, resolved
from joinery.settings.load import load
from joinery.settings.root import Settings
from joinery.settings.secret import Secret

__all__ = ["CheckCondition", "Secret", "Settings", "custom_kinds", "dump_resolved", "load", "resolved"]
