"""One node a process: who is subscribed here, and how publications reach them."""
