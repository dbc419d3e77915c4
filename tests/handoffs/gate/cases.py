"""Every case of the gate: a rule, its field, what it says, and what makes it say so."""

from tests.handoffs.gate.of_company import COMPANY
from tests.handoffs.gate.of_conversation import CONVERSATION
from tests.handoffs.gate.of_qualification import QUALIFICATION

CASES = [*COMPANY, *QUALIFICATION, *CONVERSATION]
