"""What the pages of failures and replays show and accept. Pure where it can be; the routes are beside it."""
