"""Which of Django's tests run: those that send requests through a handler, and fast."""

from __future__ import annotations

from pathlib import Path

__all__ = ["LABELS", "label_of", "labels_in"]

LABELS = {
    "admin_custom_urls": 7,
    "admin_docs.test_middleware": 4,
    "admin_utils.test_logentry": 6,
    "admin_views.test_actions": 25,
    "admin_views.test_csp": 9,
    "admin_views.test_multidb": 7,
    "admin_views.test_nav_sidebar": 7,
    "asgi": 15,
    "auth_tests.test_admin_multidb": 2,
    "auth_tests.test_context_processors": 6,
    "auth_tests.test_decorators": 2,
    "auth_tests.test_middleware": 7,
    "auth_tests.test_remote_user": 90,
    "auth_tests.test_signals": 2,
    "auth_tests.test_templates": 5,
    "auth_tests.test_views": 100,
    "conditional_processing": 20,
    "contenttypes_tests.test_views": 9,
    "context_processors": 3,
    "csrf_tests": 1,
    "file_uploads": 27,
    "flatpages_tests": 30,
    "generic_views.test_dates": 70,
    "generic_views.test_detail": 20,
    "generic_views.test_edit": 24,
    "generic_views.test_list": 24,
    "handlers": 25,
    "i18n.patterns": 25,
    "i18n.tests": 6,
    "logging_tests": 17,
    "messages_tests": 18,
    "middleware": 25,
    "middleware_exceptions": 30,
    "redirects_tests": 8,
    "shortcuts": 4,
    "sitemaps_tests": 40,
    "staticfiles_tests.test_views": 15,
    "syndication_tests": 25,
    "test_client": 85,
    "test_client_regress": 70,
    "test_utils": 5,
    "urlpatterns_reverse": 12,
    "view_tests": 95,
}
"""Labels as ``runtests.py`` takes them, and how many tests of each send a request at
least, in any Django."""


def labels_in(tests: Path) -> list[str]:
    """The labels that this Django's tests know."""
    paths = {label: tests.joinpath(*label.split(".")) for label in LABELS}
    return [
        label
        for label, path in paths.items()
        if path.is_dir() or path.with_suffix(".py").is_file()
    ]


def label_of(test: str) -> str | None:
    """The label that brought a test in; None for what failed around tests."""
    return next((label for label in LABELS if test.startswith(f"{label}.")), None)
