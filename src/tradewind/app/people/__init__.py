"""What people are told and what they may ask and order: texts, channels, senders, the bot."""
