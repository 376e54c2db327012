"""The sample data of ``manage.py seed``: a lamp shop called Northlight."""

from __future__ import annotations

AGENTS = [
    ("Mara", "Lindqvist"),
    ("Tom", "Okafor"),
    ("Inês", "Duarte"),
]

# First and last name, and for how many days a customer.
CUSTOMERS = [
    ("Hanna", "Weber", 610),
    ("Luis", "Romero", 95),
    ("Priya", "Nair", 20),
    ("Oskar", "Nilsen", 310),
    ("Grace", "Bennett", 1240),
]

HOUR = 60
DAY = 24 * HOUR

# From the one that rested longest to the latest: customer, subject, and the
# messages as (minutes ago, author, text).
CONVERSATIONS = [
    (
        "Hanna",
        "Bulbs for the reading lamp",
        [
            (
                9 * DAY + 3 * HOUR,
                "Hanna",
                "Which bulb does the Pine reading lamp take?",
            ),
            (
                9 * DAY + 2 * HOUR,
                "Tom",
                "An E14 of at most 6 watts. We like 2700 K best for reading in the "
                "evening.",
            ),
        ],
    ),
    (
        "Grace",
        "Dimmer for a Halo pendant",
        [
            (
                3 * DAY + 50,
                "Grace",
                "Hello! I bought the Halo pendant in May and love it. Which dimmer "
                "goes with it? The one in my wall makes it hum.",
            ),
            (
                3 * DAY + 32,
                "Inês",
                "Good morning Grace, how nice to hear. The hum comes from "
                "leading-edge dimmers. The Halo wants a trailing-edge one, for "
                "example our Fade 150.",
            ),
            (3 * DAY + 28, "Grace", "Does it fit a standard round wall box?"),
            (
                3 * DAY + 21,
                "Inês",
                "It does: 54 mm wide and 22 mm deep. You can return it within 30 "
                "days if it does not suit your wall.",
            ),
            (3 * DAY + 17, "Grace", "Perfect, I have just ordered one. Thank you!"),
        ],
    ),
    (
        "Oskar",
        "Change of delivery address",
        [
            (
                DAY + 5 * HOUR,
                "Oskar",
                "I ordered the Fjord floor lamp yesterday (order 20417) and have "
                "mistyped the house number. It should be 14, not 41.",
            ),
            (
                DAY + 5 * HOUR - 9,
                "Tom",
                "Thanks for telling us in time, Oskar. The parcel has not left yet. "
                "I have changed it to number 14.",
            ),
            (
                DAY + 5 * HOUR - 12,
                "Tom",
                "You will get a new confirmation by email in a few minutes.",
            ),
            (DAY + 5 * HOUR - 30, "Oskar", "Got it. That was quick!"),
        ],
    ),
    (
        "Luis",
        "Company name on the invoice",
        [
            (
                4 * HOUR + 20,
                "Luis",
                "Hi, invoice NL-3381 is made out to me personally. Our accounting "
                "needs it to say Romero Arquitectos S.L., with our tax number.",
            ),
            (
                4 * HOUR + 2,
                "Mara",
                "Hello Luis, that can be corrected. Could you send me the tax number "
                "and the address as they should appear?",
            ),
            (
                3 * HOUR + 47,
                "Luis",
                "Of course:\n\nRomero Arquitectos S.L.\nCalle del Prado 12\n"
                "28014 Madrid\nESB00000000",
            ),
            (
                3 * HOUR + 31,
                "Mara",
                "Thank you. I have cancelled NL-3381 and issued NL-3394 in its place; "
                "both are in your account under Invoices.",
            ),
            (
                HOUR + 12,
                "Luis",
                "I see the new one, but the VAT line still shows 21 %. Should it not "
                "be reverse charge?",
            ),
        ],
    ),
    (
        "Priya",
        "Glass shade arrived broken",
        [
            (
                2 * HOUR + 5,
                "Priya",
                "My Opal table lamp came today and the glass shade is cracked from "
                "top to bottom. The box itself looks fine.",
            ),
            (
                HOUR + 58,
                "Inês",
                "I am sorry, Priya. That should not happen, and you need not send "
                "anything back.",
            ),
            (
                HOUR + 56,
                "Inês",
                "Shall I send you a new shade, or would you rather have your money "
                "back for the lamp?",
            ),
            (HOUR + 40, "Priya", "A new shade, please. When would it be here?"),
            (
                38,
                "Inês",
                "It leaves the warehouse today and reaches you by Thursday. Please "
                "put on gloves when you take the cracked one off.",
            ),
            (35, "Priya", "Wonderful, thank you. I will."),
        ],
    ),
    (
        "Hanna",
        "Where is my parcel?",
        [
            (
                26,
                "Hanna",
                "Hello, order 20398 was meant to arrive on Tuesday. The tracking "
                "page has said “in transit” for four days now.",
            ),
            (
                22,
                "Mara",
                "Hello Hanna, thank you for waiting so patiently. Let me ask the "
                "carrier; I will be right back.",
            ),
            (
                14,
                "Mara",
                "The parcel sat in the sorting centre in Leipzig because its label "
                "was torn. It has a new label and is on the van for tomorrow.",
            ),
            (
                9,
                "Hanna",
                "Good to know. I am at home only until noon. Can they leave it with "
                "the neighbours?",
            ),
        ],
    ),
]
