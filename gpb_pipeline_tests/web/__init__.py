"""The pages over real HTTP, and in headless Chromium."""
