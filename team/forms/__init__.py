"""Forms of the team’s admin pages, a module for each kind of thing."""
