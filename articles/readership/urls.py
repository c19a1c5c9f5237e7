from django.urls import path

from articles.readership import views

urlpatterns = [
    path("beacon/<int:pk>/", views.beacon, name="beacon"),
    path("beacon/<int:pk>/read/", views.beacon_read, name="beacon_read"),
    path("beacon/<int:pk>.gif", views.beacon_image, name="beacon_image"),
]
