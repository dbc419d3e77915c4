"""A second step and single sign-on, by django-allauth: there only when the environment asks."""
