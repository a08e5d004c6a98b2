"""The stand-in carrier: a telephone company on this machine that is Twilio to the service."""
