"""The addresses of the author's desk."""

from django.urls import path

from articles import desk

urlpatterns = [
    path("", desk.DeskView.as_view(), name="desk"),
    path("new/", desk.WritingView.as_view(), name="desk_new"),
    path("<int:pk>/", desk.WritingView.as_view(), name="desk_edit"),
    path("<int:pk>/preview/", desk.PreviewView.as_view(), name="desk_preview"),
    path("<int:pk>/submit/", desk.submit, name="desk_submit"),
    path("<int:pk>/withdraw/", desk.withdraw, name="desk_withdraw"),
    path("<int:pk>/discard/", desk.discard, name="desk_discard"),
]
