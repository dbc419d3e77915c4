"""From an empty installation to its first handoff: what is missing, and a way to add it."""
