"""What is measured of hearing."""
