"""What the steps hand each other: frozen, serialisable, recorded in the journal, never holding a secret value.

In the order in which they come to be: `Checkout`, `Analysis`, `Built`, `Image`, `Released`, `Rollout`, `Health`, `Tried`,
`Promoted`, `HandedOver`, `Switch`, `Finished`. Recordings outlive upgrades: a new field needs a default, and
`tests/unit/test_codec.py` decodes older ones.
"""

from shipway.domain.artifacts.analysis import Analysis, Finding, from_root
from shipway.domain.artifacts.checkout import Checkout
from shipway.domain.artifacts.image import Built, Image
from shipway.domain.artifacts.released import Released
from shipway.domain.artifacts.rollout import HandedOver, Health, Promoted, Rollout, Target, Tried
from shipway.domain.artifacts.switch import Finished, Switch

__all__ = [
    "Analysis",
    "Built",
    "Checkout",
    "Finding",
    "Finished",
    "HandedOver",
    "Health",
    "Image",
    "Promoted",
    "Released",
    "Rollout",
    "Switch",
    "Target",
    "Tried",
    "from_root",
]
