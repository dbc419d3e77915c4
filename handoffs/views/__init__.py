"""The doors of handoffs: each parses, calls one verb or query, and shows the answer."""
