"""`python -m walkback`: the command line of this Python's own Walkback, wherever PATH leads."""

from walkback.cli import main

if __name__ == "__main__":
    main()
