"""How the demo model is made: from sentences and a speech synthesiser to a folder that Vosk loads."""
