from __future__ import annotations

TONES = 6


def describe(user):
    """What a page shows of a person: a name, initials and a colour."""
    if user is None:
        return {"id": None, "name": "Deleted account", "initials": "–", "tone": 0}
    name = user.get_full_name() or user.get_username()
    words = name.split()
    initials = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return {
        "id": user.pk,
        "name": name,
        "initials": initials.upper(),
        "tone": user.pk % TONES,
    }
