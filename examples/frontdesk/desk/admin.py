from __future__ import annotations

from django.contrib import admin

from .models import Conversation, Customer, Message


class MessageInline(admin.TabularInline):
    """The messages, to read: one written here would reach no open page."""

    model = Message
    fields = ["sent_at", "kind", "author", "text"]
    readonly_fields = ["sent_at", "kind", "author", "text"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(Conversation)
class ConversationAdmin(admin.ModelAdmin):
    list_display = ["subject", "customer", "created_at"]
    list_select_related = ["customer__user"]
    search_fields = ["subject", "customer__user__last_name", "messages__text"]
    inlines = [MessageInline]


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["__str__", "since"]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name", "user__email"]
