"""Where each page stands."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from dcm import views

urlpatterns = [
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("metrics", views.metrics, name="metrics"),
    path("hooks/", include("integrations.urls")),
    path("", include("dashboards.urls")),
]
