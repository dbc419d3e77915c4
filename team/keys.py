"""A shared secret on a row: replaced without a gap, shown once, then known by its last four."""

from datetime import datetime, timedelta

from django.db import models

from team import signing

# How long both secrets are good, so that the other side can change over in its own time.
OVERLAP = timedelta(hours=24)


class SigningKey(models.Model):
    """What signs deliveries between us and one other system."""

    secret = models.CharField(max_length=100, editable=False, default=signing.new_secret)
    old_secret = models.CharField(max_length=100, blank=True, editable=False)
    old_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def secrets_at(self, now: datetime) -> list[str]:
        """Those that are good at `now`, the present one first."""
        still = self.old_secret and self.old_until and now < self.old_until
        return [self.secret, self.old_secret] if still else [self.secret]

    def renew_secret(self, now: datetime) -> str:
        """Replace the secret and return the new one; the old one stays good for 24 hours."""
        self.old_secret, self.old_until = self.secret, now + OVERLAP
        self.secret = signing.new_secret()
        self.save(update_fields=["secret", "old_secret", "old_until"])
        return self.secret

    def drop_old_secret(self) -> None:
        """End the overlap now, as when the old secret has leaked."""
        self.old_secret, self.old_until = "", None
        self.save(update_fields=["old_secret", "old_until"])
