"""A tour of the demo: on My work of its sign-ins, what to look at; nothing of it elsewhere."""
