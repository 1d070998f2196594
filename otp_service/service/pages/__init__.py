"""Hosted pages: their links, what people do on them, and the signed word with which they lead back."""
