"""The outsider's side of a task. Only the link in the mail carries its token; no other address tells of which task."""

from __future__ import annotations

from django.urls import path

from exports.web import tasks

app_name = "task"
urlpatterns = [
    path("code/", tasks.type_code, name="code"),
    path("work/", tasks.work, name="work"),
    path("work/out/", tasks.leave, name="out"),
    path("done/", tasks.done, name="done"),
    path("<str:token>/", tasks.open_link, name="link"),
]
