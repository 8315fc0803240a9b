"""What the hub serves over HTTP, composed of the parts' routers. Needs the extra `web`, so import its modules late."""
