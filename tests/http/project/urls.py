from __future__ import annotations

from tests.http.project import nestings, orm, streams
from tests.site import urls

urlpatterns = [
    *urls.urlpatterns,
    *orm.urlpatterns,
    *streams.urlpatterns,
    *nestings.urlpatterns,
]
