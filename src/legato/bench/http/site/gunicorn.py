"""What gunicorn has no option for in all its releases."""

from __future__ import annotations

# A socket in the home folder, for every gunicorn the same. Unknown before 25.1.
control_socket_disable = True
