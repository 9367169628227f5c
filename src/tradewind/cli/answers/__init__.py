"""What verbs do and print once they were typed right: the engine and its libraries are loaded here, not for --help."""
