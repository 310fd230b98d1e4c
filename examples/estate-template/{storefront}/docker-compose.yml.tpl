services:
  web:
    build: .
    environment:
      - SESSION_SECRET={secret:sessionSecret}
      - SEARCH_URL=http://search:9200
  search:
    image: elasticsearch:9.1.0
    environment:
      - xpack.security.enabled=false
    ports:
      - "9200:9200"
  thumbnails:
    image: registry.{company}.example/thumbnails:2
    privileged: true
