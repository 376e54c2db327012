"""Threads for what is synchronous, and the database connections that live on them.

Django's ORM is thread-sensitive: what belongs together has to run on one thread.
Asgiref's own choice is one thread for the whole process, so that every user waits
for every other, or a new thread and a new database connection per context. Here the
threads stand, and with them their database connections:

- A **job** runs whole on one thread: a request whose view and middleware are
  synchronous.
- A **lease** serves what is asynchronous: one thread for all its thread-sensitive
  calls, taken when the first of them needs it and given back at the end. A lease that
  is *parked*, because its response streams, gives its thread back between calls
  unless a cursor or a transaction is open on it.

Connections are kept or closed as ``CONN_MAX_AGE`` says, whenever a thread changes
hands.
"""

from __future__ import annotations

from legato.threads.lease import Lease, LeaseContext
from legato.threads.pool import Job, ThreadPool, pool

__all__ = ["Job", "Lease", "LeaseContext", "ThreadPool", "pool"]
