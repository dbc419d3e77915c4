"""The e-mail addresses that must not come back, known only by their digest."""

from django.db import models
from django.utils import timezone


class ErasedAddress(models.Model):
    """Somebody asked to be forgotten; the digest is all that is left of their address."""

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["erased_at"]
        verbose_name = "erased address"
        verbose_name_plural = "erased addresses"

    def __str__(self) -> str:
        return f"Erased {self.erased_at:%d %b %Y}"
