from django.urls import path

from articles.voting import views

urlpatterns = [
    path("articles/<int:pk>/vote/", views.vote, name="vote"),
]
