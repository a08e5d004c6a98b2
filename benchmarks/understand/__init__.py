"""What is measured of understanding."""
