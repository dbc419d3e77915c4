"""Changes tried on the past before they are made: policies, calendars, coverage and the gate.

What is shown of them is tables, as everywhere in the reports; the replay of promises itself is in
`sla.simulation`. Nothing here writes.
"""
