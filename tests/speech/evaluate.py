"""Moved: `python -m benchmarks.understand.accuracy FOLDER`."""
from benchmarks.understand.accuracy import main
if __name__ == "__main__":
    main()
