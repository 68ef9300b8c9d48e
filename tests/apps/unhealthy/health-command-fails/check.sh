echo "3 checks, 2 passed"
echo "Error: the table orders is missing a column: total" >&2
exit 2
