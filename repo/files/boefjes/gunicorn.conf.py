bind = "127.0.0.1:8003"
workers = 3
