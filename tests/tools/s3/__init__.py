"""Delivery to S3: against moto, against localstack, and through a relay that drops and delays connections."""
