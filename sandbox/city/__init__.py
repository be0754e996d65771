"""A made-up city with the real structure of Đồng Xoài: the same for the same seed. No person in it exists."""
