"""The admin’s pages of the post office: what leaves and what failed, its words, its ways out."""

from messaging.admin import outbox, texts, ways_out

__all__ = ["outbox", "texts", "ways_out"]
