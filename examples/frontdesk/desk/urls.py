from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from . import views

urlpatterns = [
    path("", views.conversations, name="conversations"),
    path("conversations/<int:pk>/", views.conversation, name="conversation"),
    path("conversations/<int:pk>/messages/", views.messages_after, name="messages"),
    path("conversations/<int:pk>/send/", views.send, name="send"),
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-in/demo/<int:pk>/", views.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
