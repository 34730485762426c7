"""Exit 0 if this container's web server answers when asked by its public name; an organisation need not be set up."""

import os
import urllib.request
from urllib.parse import urlsplit

site = urlsplit(os.environ.get("DSAR_BASE_URL", "http://localhost:8000"))
request = urllib.request.Request(
    f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/admin/login/",
    headers={"Host": site.netloc, "X-Forwarded-Proto": site.scheme},
)
urllib.request.urlopen(request, timeout=4).close()  # noqa: S310
