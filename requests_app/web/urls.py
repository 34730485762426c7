"""The person's side of the site. No address holds personal data; a case page has no address of its own."""

from __future__ import annotations

from django.urls import path

from requests_app.web import (
    appealing,
    asking_for_another,
    case_page,
    checking,
    confirming,
    consenting,
    entering,
    filing,
    signing_in,
    statements,
)

app_name = "portal"
urlpatterns = [
    path("", filing.start, name="start"),
    path("request/", filing.choose_place, name="place"),
    path("request/done/", filing.done, name="done"),
    path("request/<str:residence>/", filing.request_form, name="request"),
    path("confirm/", entering.confirm, name="confirm"),
    path("confirm/<str:reference>/<str:code>/", entering.confirm_link, name="confirm_link"),
    path("opt-in/<str:reference>/<str:code>/", entering.opt_in_link, name="opt_in"),
    path("case/", entering.ask_code, name="enter"),
    path("case/code/", entering.type_code, name="code"),
    path("case/out/", entering.sign_out, name="out"),
    path("case/me/", case_page.case_page, name="case"),
    path("case/me/appeal/<slug:right>/", appealing.appeal, name="appeal"),
    path("case/me/statement/<int:number>/", statements.statement, name="statement"),
    path("case/me/check/", checking.ask_to_see, name="check"),
    path("case/me/value/", confirming.confirm_value, name="value"),
    path("case/me/may-go/", consenting.say_what_may_go, name="may_go"),
    path("case/me/paper/", asking_for_another.send_paper, name="paper"),
    path("case/me/permission/", asking_for_another.answer, name="permission"),
    path("case/<str:reference>/account/", signing_in.sign_in, name="account"),
    path("person/<str:reference>/<str:code>/", entering.person_link, name="person_link"),
    path("case/me/withdraw/<slug:right>/", case_page.withdraw, name="withdraw"),
]
