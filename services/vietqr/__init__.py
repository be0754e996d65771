"""VietQR text and images, strict reading of codes, and the bank list."""
