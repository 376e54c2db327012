"""A model whose history is kept."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords  # type: ignore[import-untyped]


class Note(models.Model):
    text = models.CharField(max_length=100)
    objects: models.Manager[Note] = models.Manager()
    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.text
