# What runs on the host of the order department.
services:
  {orders}-api:
    image: registry.{company}.example/{orders}-api:4.2
    env_file: .env.production
    depends_on: [{orders}-db]
    ports:
      - "8080:8080"

  {orders}-sync:
    image: registry.{company}.example/{orders}-sync:1.9
    env_file: .env.production
    depends_on: [{orders}-db, cache]
    labels:
      owner: {orders}-crew

  {orders}-db:
    image: postgres:17
    environment:
      POSTGRES_USER: {orders}
      POSTGRES_PASSWORD: {orders}
    ports:
      - "5432:5432"

  cache:
    image: valkey/valkey:8
    environment:
      ALLOW_EMPTY_PASSWORD: "yes"

  log-shipper:
    image: registry.{company}.example/log-shipper:0.3
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
