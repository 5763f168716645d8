"""The three APIs on loopback, written from the vendors' documents alone: no mistake of our clients is shared."""

from etl.sandbox.faults import FAULTS, Rule
from etl.sandbox.profiles import PROFILES
from etl.sandbox.sandbox import Sandbox

__all__ = ["FAULTS", "PROFILES", "Rule", "Sandbox"]
