"""Delivery to S3. boto3 is imported where a client is made, and nowhere sooner."""
