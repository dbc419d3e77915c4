"""The door for updates that other systems send: signed, stored, then read by the worker."""
