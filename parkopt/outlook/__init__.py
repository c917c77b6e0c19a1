"""What tomorrow may bring to a park, with honest uncertainty; between the chains of `forecast` and the model."""

from parkopt.outlook.basis import PlannedOn, planned_on
from parkopt.outlook.came import what_came
from parkopt.outlook.day import Outlook, issue_of, outlook_of
from parkopt.outlook.types import Expected

__all__ = ["Expected", "Outlook", "PlannedOn", "issue_of", "outlook_of", "planned_on", "what_came"]
