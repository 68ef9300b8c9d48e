#!/bin/sh
set -u
echo "with $API_TOKEN"
exec httpd -f -p 8080
