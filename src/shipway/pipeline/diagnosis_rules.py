"""All that the log of an instance can plainly say, in the order that counts for what stands on one line."""

from shipway.pipeline.diagnosis_rule import Rule
from shipway.pipeline.diagnosis_rules_config import VARIABLES
from shipway.pipeline.diagnosis_rules_database import DATABASES
from shipway.pipeline.diagnosis_rules_machine import MEMORY, PERMISSIONS, PORTS
from shipway.pipeline.diagnosis_rules_start import ARCHITECTURE, COMMANDS, LIBRARIES, MODULES

RULES: tuple[Rule, ...] = (
    *MEMORY,
    *ARCHITECTURE,
    *LIBRARIES,
    *COMMANDS,
    *VARIABLES,
    *DATABASES,
    *MODULES,
    *PORTS,
    *PERMISSIONS,
)
