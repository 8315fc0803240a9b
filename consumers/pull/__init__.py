"""The pull feed: agencies ask for their events over HTTP, page by page or as a stream (http-feeds.org)."""
