from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from desk.models import Conversation, Customer, Message
from desk.sample import AGENTS, CONVERSATIONS, CUSTOMERS


class Command(BaseCommand):
    help = (
        "Fill the desk with sample agents, customers and conversations. "
        "What is already there stays as it is, so it can be run again at any time."
    )

    @transaction.atomic
    def handle(self, *args, **options):
        agents = {first: self.agent(first, last) for first, last in AGENTS}
        customers = {
            first: self.customer(first, last, days) for first, last, days in CUSTOMERS
        }
        people = agents | {first: one.user for first, one in customers.items()}
        created = sum(
            self.conversation(customers[first], subject, lines, people)
            for first, subject, lines in CONVERSATIONS
        )
        self.stdout.write(
            self.style.SUCCESS(
                f"{len(agents)} agents, {len(customers)} customers, "
                f"{len(CONVERSATIONS)} conversations ({created} new)."
            )
        )

    def agent(self, first_name, last_name):
        user = self.user(first_name, last_name, is_staff=True)
        group, created = Group.objects.get_or_create(name="Agents")
        if created:
            group.permissions.set(
                Permission.objects.filter(content_type__app_label="desk").filter(
                    codename__startswith="view_"
                )
            )
        user.groups.add(group)
        return user

    def customer(self, first_name, last_name, days):
        since = timezone.localdate() - timedelta(days=days)
        customer, _ = Customer.objects.get_or_create(
            user=self.user(first_name, last_name), defaults={"since": since}
        )
        return customer

    def user(self, first_name, last_name, **fields):
        username = f"{first_name}.{last_name}".lower()
        user, created = get_user_model().objects.get_or_create(
            username=username,
            defaults={
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{username}@example.com",
                **fields,
            },
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user

    def conversation(self, customer, subject, lines, people):
        """Create the conversation with its messages; False if it was there."""
        now = timezone.now()
        conversation, created = Conversation.objects.get_or_create(
            customer=customer,
            subject=subject,
            defaults={"created_at": now - timedelta(minutes=lines[0][0])},
        )
        if created:
            for minutes_ago, first_name, text in lines:
                author = people[first_name]
                Message.objects.create(
                    conversation=conversation,
                    author=author,
                    kind=(
                        Message.Kind.AGENT if author.is_staff else Message.Kind.CUSTOMER
                    ),
                    text=text,
                    sent_at=now - timedelta(minutes=minutes_ago),
                )
        return created
