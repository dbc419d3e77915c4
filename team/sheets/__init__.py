"""Tables that come and go as files: checked, read, mapped, imported in batches and exported.

Nothing here knows an account from a person: what a column means is said where its model lives.
"""
