"""The parts of `otp-service.toml`: each from a table of TOML to something typed, with every mistake told."""
