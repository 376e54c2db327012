"""``MIDDLEWARE`` for each package: in its documented place beside Django's own."""

from __future__ import annotations

DJANGO = "django"

PLACES = [
    # Before whatever can generate responses.
    ("cors-headers", "corsheaders.middleware.CorsMiddleware"),
    (DJANGO, "django.middleware.security.SecurityMiddleware"),
    # Directly after SecurityMiddleware.
    ("whitenoise", "whitenoise.middleware.WhiteNoiseMiddleware"),
    # Outside of whatever uses the nonce.
    ("csp", "csp.middleware.CSPMiddleware"),
    # As early as possible.
    ("debug-toolbar", "debug_toolbar.middleware.DebugToolbarMiddleware"),
    (DJANGO, "django.contrib.sessions.middleware.SessionMiddleware"),
    (DJANGO, "django.middleware.common.CommonMiddleware"),
    (DJANGO, "django.middleware.csrf.CsrfViewMiddleware"),
    (DJANGO, "django.contrib.auth.middleware.AuthenticationMiddleware"),
    # After AuthenticationMiddleware.
    ("otp", "django_otp.middleware.OTPMiddleware"),
    (DJANGO, "django.contrib.messages.middleware.MessageMiddleware"),
    (DJANGO, "django.middleware.clickjacking.XFrameOptionsMiddleware"),
    ("htmx", "django_htmx.middleware.HtmxMiddleware"),
    ("waffle", "waffle.middleware.WaffleMiddleware"),
    ("simple-history", "simple_history.middleware.HistoryRequestMiddleware"),
    ("allauth", "allauth.account.middleware.AccountMiddleware"),
    # Last, as it only needs to see the lockout.
    ("axes", "axes.middleware.AxesMiddleware"),
]

EVERYTHING = "everything"
ONLY_IN_DEVELOPMENT = {"debug-toolbar"}


def stacks(*, debug: bool) -> dict[str, list[str]]:
    """Django's middleware alone, with each package, and with all of them.

    With ``debug``, only those that make a difference there.
    """
    available = [
        (package, path)
        for package, path in PLACES
        if debug or package not in ONLY_IN_DEVELOPMENT
    ]
    alone = ONLY_IN_DEVELOPMENT if debug else {package for package, _ in available}
    found = {EVERYTHING: [path for _, path in available]}
    for package in sorted(alone):
        chosen = {DJANGO, package}
        found[package] = [path for name, path in available if name in chosen]
    return found
