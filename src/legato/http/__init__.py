"""Django's HTTP requests on ASGI, without the price of a hop at every turn."""
