"""What runs by queue or clock."""
