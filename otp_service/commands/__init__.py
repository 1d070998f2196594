"""The commands of `otp-service`, one file per group."""
