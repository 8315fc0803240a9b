"""The line to a chip: the same commands, in the open at first and protected as soon as there are keys."""

from dataclasses import dataclass

from adapters.card_reader.apdu import Answer, Command, exchange
from adapters.card_reader.channel import Channel
from adapters.card_reader.secure_messaging import SecureMessaging


@dataclass(slots=True)
class Line:
    """`messaging` None: in the open. `extended`: length that the card promises; `proven`: it has kept that promise."""

    channel: Channel
    messaging: SecureMessaging | None = None
    extended: bool = False
    proven: bool = False

    def send(self, command: Command) -> Answer:
        """Raises `Failed`: what the channel raises; malformed; secure_messaging."""
        if self.messaging is None:
            return exchange(self.channel, command)
        messaging = self.messaging
        return messaging.open(exchange(self.channel, messaging.protect(command)))
