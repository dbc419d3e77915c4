"""A believable sales team with its history, for an empty database; never for production."""
