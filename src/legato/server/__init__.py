"""What runs a project: our WebSocket class for uvicorn, and the commands' engine."""
