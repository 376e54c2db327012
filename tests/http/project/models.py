from __future__ import annotations

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """A row of a view in PostgreSQL that has 30,000 of them, of a kilobyte each."""

    text = models.TextField()
    objects: ClassVar[models.Manager[Entry]] = models.Manager()

    class Meta:
        managed = False
        db_table = "entries"

    def __str__(self) -> str:
        return f"{self.pk}:{self.text}"
