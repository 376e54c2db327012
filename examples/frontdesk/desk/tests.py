from __future__ import annotations

import uuid
from io import StringIO
from types import SimpleNamespace
from unittest.mock import AsyncMock, patch

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from django.test import TestCase, override_settings
from django.urls import reverse

from legato.exceptions import Error

from .channels import ConversationChannel, InboxChannel
from .models import Conversation, Customer, Message


class SeededTestCase(TestCase):
    agent: User
    customer: User
    stranger: User
    conversation: Conversation

    @classmethod
    def setUpTestData(cls):
        call_command("seed", stdout=StringIO())
        users = User.objects
        cls.agent = users.get(username="mara.lindqvist")
        cls.customer = users.get(username="luis.romero")
        cls.stranger = users.get(username="priya.nair")
        cls.conversation = Conversation.objects.get(customer__user=cls.customer)

    def url(self, name):
        return reverse(name, args=[self.conversation.pk])


class SeedTests(SeededTestCase):
    def test_second_run_changes_nothing(self):
        def everything():
            models: list[type[Model]] = [User, Customer, Conversation, Message]
            return [
                list(model._default_manager.order_by("pk").values()) for model in models
            ]

        before = everything()
        call_command("seed", stdout=StringIO())
        self.assertEqual(everything(), before)

    def test_there_are_three_agents_and_a_handful_of_conversations(self):
        self.assertEqual(User.objects.filter(is_staff=True).count(), 3)
        self.assertGreaterEqual(Conversation.objects.count(), 5)

    def test_nobody_can_sign_in_with_a_password(self):
        for user in User.objects.all():
            self.assertFalse(user.has_usable_password())


@override_settings(DEMO_SIGN_IN=True)
class SignInTests(SeededTestCase):
    def sign_in_as(self, user):
        return self.client.post(reverse("demo_sign_in", args=[user.pk]))

    def test_page_offers_every_agent_and_customer(self):
        page = self.client.get(reverse("sign_in"))
        for user in User.objects.all():
            self.assertContains(page, user.get_full_name())

    def test_one_click_signs_in(self):
        self.assertRedirects(self.sign_in_as(self.agent), reverse("conversations"))

    def test_customer_with_one_conversation_is_led_to_it(self):
        self.sign_in_as(self.customer)
        page = self.client.get(reverse("conversations"))
        self.assertRedirects(page, self.conversation.get_absolute_url())

    def test_superuser_is_not_offered(self):
        root = User.objects.create_superuser("root")
        self.assertEqual(self.sign_in_as(root).status_code, 404)

    def test_following_a_link_signs_nobody_in(self):
        page = self.client.get(reverse("demo_sign_in", args=[self.agent.pk]))
        self.assertEqual(page.status_code, 405)

    @override_settings(DEMO_SIGN_IN=False)
    def test_outside_a_demonstration_there_is_a_password_form_alone(self):
        page = self.client.get(reverse("sign_in"))
        self.assertContains(page, 'type="password"')
        self.assertNotContains(page, self.agent.get_full_name())
        self.assertEqual(self.sign_in_as(self.agent).status_code, 404)


class PageTests(SeededTestCase):
    def test_visitors_are_sent_to_sign_in(self):
        for name in ["conversation", "messages"]:
            page = self.client.get(self.url(name))
            target = f"{reverse('sign_in')}?next={self.url(name)}"
            self.assertRedirects(page, target)

    def test_agents_see_every_conversation(self):
        self.client.force_login(self.agent)
        page = self.client.get(reverse("conversations"))
        for subject in Conversation.objects.values_list("subject", flat=True):
            self.assertContains(page, subject)

    def test_customers_do_not_see_the_conversations_of_others(self):
        self.client.force_login(self.stranger)
        for name in ["conversation", "messages"]:
            self.assertEqual(self.client.get(self.url(name)).status_code, 404)
        self.assertEqual(self.client.post(self.url("send")).status_code, 404)

    def test_conversation_is_readable_before_any_script_runs(self):
        self.client.force_login(self.customer)
        page = self.client.get(self.url("conversation"))
        for message in self.conversation.messages.all():
            self.assertContains(page, f'data-id="{message.pk}"')
            self.assertContains(page, message.text)

    def test_text_of_a_message_is_escaped(self):
        Message.objects.create(
            conversation=self.conversation,
            author=self.customer,
            kind="customer",
            text="<script>alert(1)</script>",
        )
        self.client.force_login(self.agent)
        for path in [self.url("conversation"), reverse("conversations")]:
            self.assertNotContains(self.client.get(path), "<script>alert")

    def test_number_of_queries_does_not_grow_with_the_messages(self):
        self.client.force_login(self.agent)
        with self.assertNumQueries(5):
            self.client.get(self.url("conversation"))

    def test_pages_allow_files_of_this_site_only(self):
        page = self.client.get(reverse("sign_in"))
        policy = page.headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'self'"))
        self.assertNotIn("unsafe", policy)


class MessagesAfterTests(SeededTestCase):
    def setUp(self):
        self.client.force_login(self.customer)

    def test_gives_what_comes_after_a_message_in_order(self):
        stored = [message.as_json() for message in self.conversation.messages.all()]
        answer = self.client.get(self.url("messages"), {"after": stored[1]["id"]})
        self.assertEqual(answer.json(), {"messages": stored[2:], "more": False})

    def test_says_when_there_is_more(self):
        with patch("desk.views.PAGE_SIZE", 2):
            answer = self.client.get(self.url("messages"), {"after": 0}).json()
        self.assertEqual(len(answer["messages"]), 2)
        self.assertTrue(answer["more"])

    def test_refuses_what_is_not_an_id(self):
        answer = self.client.get(self.url("messages"), {"after": "yesterday"})
        self.assertEqual(answer.status_code, 400)


@patch("legato.apublish", new_callable=AsyncMock)
class FormTests(SeededTestCase):
    def setUp(self):
        self.client.force_login(self.customer)

    def test_message_is_stored_and_published(self, apublish):
        answer = self.client.post(self.url("send"), {"text": "Any news?"})
        self.assertRedirects(answer, self.conversation.get_absolute_url())
        message = self.conversation.messages.get(text="Any news?")
        self.assertEqual(message.kind, Message.Kind.CUSTOMER)
        apublish.assert_any_await(self.conversation.channel, message.as_json())

    def test_empty_message_is_refused_with_a_word(self, apublish):
        answer = self.client.post(self.url("send"), {"text": "  "}, follow=True)
        self.assertContains(answer, "A message needs some text.")
        apublish.assert_not_awaited()


@patch("legato.apublish", new_callable=AsyncMock)
class ChannelTests(SeededTestCase):
    def publish(self, data, user=None):
        client = SimpleNamespace(user=user or self.customer)
        channel = ConversationChannel()
        return channel.on_publish(client, data, pk=self.conversation.pk)

    async def test_agents_and_the_customer_may_subscribe(self, apublish):
        for user, allowed in [
            (self.agent, True),
            (self.customer, True),
            (self.stranger, False),
        ]:
            client = SimpleNamespace(user=user)
            answer = await ConversationChannel().authorize(
                client, pk=self.conversation.pk
            )
            self.assertIs(answer, allowed)

    async def test_inbox_is_for_agents(self, apublish):
        for user, allowed in [(self.agent, True), (self.customer, False)]:
            client = SimpleNamespace(user=user)
            self.assertIs(await InboxChannel().authorize(client), allowed)

    async def test_message_sent_twice_under_one_key_is_stored_once(self, apublish):
        data = {"key": str(uuid.uuid4()), "text": "Is it the reverse charge?"}
        first = await self.publish(data)
        self.assertEqual(await self.publish(data), first)
        self.assertEqual(first["key"], data["key"])
        stored = await self.conversation.messages.filter(key=data["key"]).acount()
        self.assertEqual(stored, 1)

    async def test_kind_of_a_message_comes_from_its_author(self, apublish):
        data = {"text": "Of course.", "kind": "customer"}
        answer = await self.publish(data, user=self.agent)
        self.assertEqual(answer["kind"], "agent")
        self.assertEqual(answer["author"]["name"], "Mara Lindqvist")

    async def test_what_is_not_a_message_is_refused(self, apublish):
        before = await Message.objects.acount()
        for data in [
            None,
            "text",
            {},
            {"text": "   "},
            {"text": "x" * (Message.MAX_LENGTH + 1)},
            {"text": "fine", "key": "not a UUID"},
        ]:
            with self.assertRaises(Error) as caught:
                await self.publish(data)
            self.assertEqual(caught.exception.code, 400)
        self.assertEqual(await Message.objects.acount(), before)
        apublish.assert_not_awaited()

    async def test_inbox_hears_of_every_message(self, apublish):
        message = await self.publish({"text": "Thank you!"})
        channel, line = apublish.await_args.args
        self.assertEqual(channel, "inbox")
        self.assertEqual(line["message"], message["id"])
        self.assertEqual(line["conversation"], self.conversation.pk)
