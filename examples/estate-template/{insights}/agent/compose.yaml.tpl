services:
  {insights}-agent:
    image: registry.{company}.example/{insights}-agent:0.7
    env_file: .env
    network_mode: host
